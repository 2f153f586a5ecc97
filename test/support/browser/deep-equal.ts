/**
 * Whether two values are deeply and strictly equal, as `node:assert/strict` means it: same prototype, same own enumerable
 * properties, `Object.is` for everything primitive, order without meaning in maps and sets.
 * @throws for maps and sets with objects as keys that are not the same.
 */
export function isDeepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return sameElements(elementsOf(a), elementsOf(b));
  if (a instanceof ArrayBuffer && b instanceof ArrayBuffer) {
    return sameElements(new Uint8Array(a), new Uint8Array(b));
  }
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return false;
  return sameContent(a, b) && sameProperties(a, b);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Values of a typed array, bytes of a `DataView`. */
function elementsOf(view: ArrayBufferView): ArrayLike<number | bigint> {
  const { buffer, byteOffset, byteLength } = view;
  return view instanceof DataView
    ? new Uint8Array(buffer, byteOffset, byteLength)
    : (view as unknown as ArrayLike<number | bigint>);
}

function sameElements(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

/** What an object holds beside its properties. */
function sameContent(a: object, b: object): boolean {
  if (a instanceof Map && b instanceof Map) {
    return sameKeys(a, b) && [...a].every(([key, value]) => isDeepEqual(value, b.get(key)));
  }
  if (a instanceof Set && b instanceof Set) return sameKeys(a, b);
  if (a instanceof RegExp || a instanceof Date) return String(a) === String(b) && Number(a) === Number(b);
  if (a instanceof Error && b instanceof Error) return a.name === b.name && a.message === b.message;
  return true;
}

function sameKeys(a: Map<unknown, unknown> | Set<unknown>, b: typeof a): boolean {
  if (a.size !== b.size) return false;
  const absent = [...a.keys()].filter((key) => !b.has(key));
  if (absent.some(isObject)) throw new Error('maps and sets with other objects as keys are not compared');
  return absent.length === 0;
}

function sameProperties(a: object, b: object): boolean {
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isDeepEqual(Reflect.get(a, key), Reflect.get(b, key)))
  );
}

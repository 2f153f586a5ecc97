import { AdapterError } from '../../base/errors.ts';

/**
 * The module of a package that is loaded only where it is needed, or undefined where it is not installed. The name stays a
 * variable to keep bundlers from following it: these packages load machine code from beside them.
 * @throws {AdapterError} where it is installed and does not load.
 */
export async function installedPackage<T>(name: string): Promise<T | undefined> {
  try {
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ name)) as T;
  } catch (error) {
    if (isNotInstalled(error, name)) return undefined;
    throw new AdapterError(`The package ${name} does not load here: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function isNotInstalled(error: unknown, name: string): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return (
    (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') &&
    message !== undefined &&
    new RegExp(`['"]${name}['"]`).test(message)
  );
}

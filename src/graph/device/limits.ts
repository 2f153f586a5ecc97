/** Limits of a device as plain numbers. */
export type DeviceLimits = Readonly<Record<LimitName, number>>;

/** A limit by WebGPU's name. */
export type LimitName = (typeof LIMIT_NAMES)[number];

/** The limits that compute work runs into; each is raised to what the adapter offers. */
export const LIMIT_NAMES = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxUniformBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
  'minStorageBufferOffsetAlignment',
  'minUniformBufferOffsetAlignment',
] as const;

/**
 * Copies limits into a plain object: the object that holds them may not outlive its adapter, and Deno has given some
 * of them as BigInt up to 2⁶⁴ − 1.
 */
export function copyLimits(limits: GPUSupportedLimits): DeviceLimits {
  const copy = {} as Record<LimitName, number>;
  for (const name of LIMIT_NAMES) {
    copy[name] = Math.min(Number(limits[name]), Number.MAX_SAFE_INTEGER);
  }
  return copy;
}

/** What to ask of `requestDevice` so that the device has the limits of its adapter instead of the guaranteed ones. */
export function requiredLimits(limits: GPUSupportedLimits): Record<string, number> {
  const required: Record<string, number> = { ...copyLimits(limits) };
  for (const name of RENDER_LIMIT_NAMES) {
    const value = (limits as unknown as Record<string, number | undefined>)[name];
    if (value !== undefined) required[name] = value;
  }
  return required;
}

/** Of no use here, but bun-webgpu asks for the guaranteed values when not told, even of adapters that report 0. */
const RENDER_LIMIT_NAMES = [
  'maxStorageBuffersInVertexStage',
  'maxStorageBuffersInFragmentStage',
  'maxStorageTexturesInVertexStage',
  'maxStorageTexturesInFragmentStage',
];

import { AdapterError } from '../../base/errors.ts';

/**
 * Stands for `installed-package.ts` in Deno and in what is published on JSR, as deno.json says. Deno has a WebGPU of its own; a
 * package named to JSR would be fetched by everyone, one that is not named could not be found.
 * @throws {AdapterError} always.
 */
export function installedPackage<T>(name: string): Promise<T | undefined> {
  return Promise.reject(
    new AdapterError(`tsos from JSR cannot load ${name}: under Node and Bun install tsos from npm.`),
  );
}

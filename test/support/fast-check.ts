/** fast-check as the tests use it. */
export * as default from './drawn-cases.ts';

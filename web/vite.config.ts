import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** The page as static files that any web server can give from any folder: `npm run web:build` writes web/dist. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  // The embedded models, under their own names: hparams.json is looked for beside a checkpoint.
  publicDir: fileURLToPath(new URL('../demo', import.meta.url)),
  build: { target: 'es2022', outDir: 'dist', emptyOutDir: true },
  worker: { format: 'es' },
});

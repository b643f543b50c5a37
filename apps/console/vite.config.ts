import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig, type Plugin } from 'vite';

const compressible = /\.(?:js|css|svg)$/;

/** Writes each file compressed as well. The gateway sends these, so it need not compress anything itself. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    // Only when everything is on disk: Vite still changes the files of a bundle while it generates it.
    async writeBundle({ dir = 'dist' }, bundle) {
      const names = Object.keys(bundle).filter((name) => compressible.test(name));
      for (const path of names.map((name) => join(dir, name))) {
        const source = await readFile(path);
        await writeFile(`${path}.br`, brotliCompressSync(source));
        await writeFile(`${path}.gz`, gzipSync(source, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  // Addresses in the page are relative to its <base>, since the gateway may be served below any path.
  base: './',
  plugins: [react(), compressed()],
  resolve: { conditions: [...defaultClientConditions, '@backup-sync/source'] },
  build: {
    target: 'es2023',
    // Files within the page would need a weaker content security policy.
    assetsInlineLimit: 0,
    // Styles are small, and a screen whose styles come after it moves while it loads.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // What a release says about the packages in it. Vite appends the licence of each.
    license: { fileName: 'licenses.json' },
  },
  worker: { format: 'es' },
});

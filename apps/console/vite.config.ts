import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';

export default defineConfig({
  // Addresses in the page are relative to its <base>, since the gateway may be served below any path.
  base: './',
  plugins: [react()],
  resolve: { conditions: [...defaultClientConditions, '@backup-sync/source'] },
  build: {
    target: 'es2023',
    // Files within the page would need a weaker content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  worker: { format: 'es' },
});

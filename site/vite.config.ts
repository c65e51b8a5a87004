import { defineConfig } from 'vitest/config'

// The HTML is rendered in Go, which reads the names of the built files from the manifest.
export default defineConfig({
  publicDir: false,
  build: {
    outDir: 'dist',
    emptyOutDir: false, // keeps dist/.keep; scripts/clean.mjs removes the rest
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    target: 'es2022',
    rollupOptions: { input: { page: 'src/page/main.tsx' } },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { fs: { allow: ['.', '../internal/page/testdata'] } }, // the tests read the Go tests' goldens
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'] },
})

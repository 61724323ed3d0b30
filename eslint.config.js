import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['.venv/', 'node_modules/', 'web/vendor/', 'web/python/'] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 'latest', sourceType: 'module' },
    rules: {
      eqeqeq: 'error',
      'no-implicit-globals': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  { files: ['bench/**', 'tests/unit/**', 'wasm-build/**'], languageOptions: { globals: globals.node } },
  // An expression to evaluate, not a module.
  { files: ['bench/drawing.js'], languageOptions: { globals: globals.browser } },
  { files: ['bench/rate.js'], rules: { 'no-unused-expressions': 'off' } },
  { files: ['web/app/**'], languageOptions: { globals: globals.browser } },
  { files: ['web/app/training/curvereader.js'], languageOptions: { globals: globals.worker } },
  { files: ['web/sw.js'], languageOptions: { globals: globals.serviceworker } },
  { files: ['web/sim/websim.js', 'web/sim/page/**'], languageOptions: { globals: globals.browser } },
  { files: ['web/sim/worker/**'], languageOptions: { globals: globals.worker } },
  { files: ['web/sim/shared/**'], languageOptions: { globals: globals['shared-node-browser'] } },
];

/** The library by way of bundlers: it loads in every form that they make, and is no asset. */

import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import vm from 'node:vm';

import esbuild from 'esbuild';
import { build as vite } from 'vite';
import webpack from 'webpack';

import { installBrowser } from './fake-browser.js';

const SDK = fileURLToPath(new URL('../../fastsfu/web/sdk/fastsfu.js', import.meta.url));
const APPLICATION = `
  import { createCall } from ${JSON.stringify(SDK)};
  globalThis.bundled = createCall;
`;

let folder;
let entry;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bundles-'));
  entry = join(folder, 'application.js');
  await writeFile(entry, APPLICATION);
});

after(() => rm(folder, { recursive: true }));

/** With esbuild. @param {'iife' | 'cjs' | 'esm'} format */
async function byEsbuild(format) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [entry], bundle: true, format, write: false, logLevel: 'error',
  });
  return outputFiles[0].text;
}

/** With Vite, for a page: one file, and no other one besides it. */
async function byVite() {
  const outDir = join(folder, 'vite');
  await vite({
    root: folder, logLevel: 'error', configFile: false,
    build: { outDir, minify: false, rollupOptions: { input: entry } },
  });
  const files = await readdir(join(outDir, 'assets'));
  assert.equal(files.length, 1, files.join());
  return readFile(join(outDir, 'assets', files[0]), 'utf8');
}

/** With webpack, for a page. */
async function byWebpack() {
  const path = join(folder, 'webpack');
  const compiler = webpack({
    mode: 'production', target: 'web', entry, output: { path, filename: 'bundle.js' },
  });
  const stats = await new Promise((resolve, reject) => {
    compiler.run((error, result) => (error ? reject(error) : resolve(result)));
  });
  assert.deepEqual(stats.toJson().errors, []);
  assert.deepEqual(await readdir(path), ['bundle.js']);
  return readFile(join(path, 'bundle.js'), 'utf8');
}

/** What a page does with the bundle. @param {string} text @param {boolean} module */
async function load(text, module) {
  delete globalThis.bundled;
  if (module) {
    const file = join(folder, `${Math.random()}.mjs`);
    await writeFile(file, text);
    await import(pathToFileURL(file).href);
  } else {
    vm.runInThisContext(`((module, exports) => {${text}\n})({ exports: {} }, {})`);
  }
  return globalThis.bundled;
}

const BUNDLES = {
  'Vite, a module': [byVite, true],
  'webpack, a script': [byWebpack, false],
  'esbuild, a module': [() => byEsbuild('esm'), true],
  'esbuild, a script': [() => byEsbuild('iife'), false],
  'esbuild, CommonJS': [() => byEsbuild('cjs'), false],
};

for (const [name, [bundle, module]] of Object.entries(BUNDLES)) {
  test(`${name}: joins where it is told to, and says so when it is not told`, async () => {
    const text = await bundle();
    assert.doesNotMatch(text, /data:(text|application)/);
    const createCall = await load(text, module);
    const { sockets } = installBrowser();
    const call = createCall({ audioSource: false, videoSource: false });
    await assert.rejects(call.join({ room: 'r' }), { type: 'connection-error', info: /url/ });
    await call.join({ room: 'r', url: 'https://example/' });
    assert.equal(sockets.length, 1);
    await call.destroy();
  });
}

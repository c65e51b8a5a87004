// Runs the edge function over requests. Standard input is {code, requests: [{method, uri}]}, standard
// output what the function returned for each. The function gets the language and nothing of Node: at
// the edge there is no more.
import { readFileSync } from 'node:fs';
import vm from 'node:vm';

const { code, requests } = JSON.parse(readFileSync(0, 'utf8'));
const edge = vm.createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } });
const handler = vm.runInContext(`'use strict'; ${code}\n; handler`, edge, { timeout: 1000 });
const answers = requests.map(({ method, uri }) =>
  handler({
    version: '1.0',
    context: { eventType: 'viewer-request' },
    viewer: { ip: '192.0.2.1' },
    request: { method, uri, querystring: { q: { value: '1' } }, headers: { host: { value: 'status.example.com' } }, cookies: {} },
  }),
);
process.stdout.write(JSON.stringify(answers));

#!/usr/bin/env node
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 22)) {
  console.error(
    `hotmod needs Node 22.22 or newer and this is ${process.versions.node}; use "npx hotmod" in a checkout, which brings its own, or install a current Node.`,
  );
  process.exit(3);
}
await import('../dist/main.js');

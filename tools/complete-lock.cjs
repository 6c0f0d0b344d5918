// Run after a change of dependencies: `node tools/complete-lock.cjs`. It mends two things in package-lock.json, which is
// all that `npm ci` reads, so that `npm ci` gives the same on every machine. Both are about the optional packages that
// hold the native part of a tool for one system each.
//
// Their `engines` go. npm leaves an optional package out, without a word, where its `engines` exclude the Node that npm
// itself runs on; on Debian 12 that is Node 18, and vitest and knip then lack their native parts. Our scripts run them
// on the Node of tools/node, so the limit means nothing here.
//
// Those that npm could not get when it wrote the file are added. A registry that mirrors a few systems only makes npm
// forget the others, and a current `npm ci` refuses a lock without them on every machine.
const fs = require('node:fs');
const path = require('node:path');

const file = path.resolve(__dirname, '..', 'package-lock.json');
const lock = JSON.parse(fs.readFileSync(file, 'utf8'));
const entries = lock.packages;

Object.keys(entries).forEach((key) => {
  const wanted = entries[key].optionalDependencies || {};
  Object.keys(wanted).forEach((name) => {
    if (isThere(key, name)) return;
    entries[`node_modules/${name}`] = entryFor(name, wanted[name], entries[key].dev === true);
  });
  if (entries[key].optional) delete entries[key].engines;
});

lock.packages = {};
Object.keys(entries)
  .sort((a, b) => a.localeCompare(b, 'en'))
  .forEach((key) => {
    lock.packages[key] = entries[key];
  });
fs.writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);

/** Looks where Node would: beside the package that asks, then in each folder above. */
function isThere(from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    if (entries[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`]) return true;
    if (folder === '') return false;
  }
}

/** What the package would say of itself stands in its name: `<package>-<system>-<processor>[-<C library>]`. */
function entryFor(name, version, dev) {
  const parts =
    /-(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|ppc64|riscv64|s390x|x64)(?:-(\w+))?$/.exec(name);
  if (parts === null || !/^\d/.test(version)) {
    throw new Error(
      `${name}@${version} is not in package-lock.json, and its name does not tell which system it is for.`,
    );
  }
  const libc = { gnu: ['glibc'], musl: ['musl'] }[parts[3]];
  return Object.assign({ version: version, cpu: [parts[2]] }, dev ? { dev: true } : {}, libc ? { libc: libc } : {}, {
    optional: true,
    os: [parts[1]],
  });
}

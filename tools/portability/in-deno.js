// Run by Deno: imports the bundled tests from `address`, and writes their report to `file`.
const [address, file] = Deno.args;
await import(address);
await Deno.writeTextFile(file, JSON.stringify(globalThis.report));
Deno.exit(0);

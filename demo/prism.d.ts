/** Prism without its languages. */
declare module 'prismjs/components/prism-core.js' {
  import Prism from 'prismjs';
  export default Prism;
}

/** Adds WGSL to the global `Prism`. */
declare module 'prismjs/components/prism-wgsl.js';

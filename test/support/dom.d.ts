// The four names of a browser's world that playwright-core's types mention. Tests run in Node, where lib.dom
// would declare a window that isn't there; code for a page is handed over as text.

interface Node {
  readonly nodeType: number;
}
interface HTMLElement extends Node {
  readonly innerText: string;
}
interface SVGElement extends Node {
  readonly id: string;
}
interface HTMLElementTagNameMap {
  readonly [name: string]: HTMLElement;
}

// The four names of a browser's global types that playwright-core's types use. Tests run in Node, where lib.dom would
// declare a window that doesn't exist; code for a page is passed as text.

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

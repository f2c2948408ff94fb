import "@testing-library/jest-dom";
import "fake-indexeddb/auto";
import { TextDecoder, TextEncoder } from "node:util";

// What browsers have and jsdom lacks.
Object.assign(globalThis, { structuredClone, TextDecoder, TextEncoder, ResizeObserver: NoResizes });
window.matchMedia = (query: string) =>
  Object.assign(new EventTarget(), { matches: false, media: query, onchange: null }) as unknown as MediaQueryList;
Element.prototype.scrollTo = () => {};
Element.prototype.scrollIntoView = () => {};
Element.prototype.hasPointerCapture = () => false;

function NoResizes(this: ResizeObserver): void {
  this.observe = () => {};
  this.unobserve = () => {};
  this.disconnect = () => {};
}

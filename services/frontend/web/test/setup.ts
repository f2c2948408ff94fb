import "@testing-library/jest-dom";
import "fake-indexeddb/auto";
import { TextDecoder, TextEncoder } from "node:util";
import { deserialize, serialize } from "node:v8";
import { configure } from "@testing-library/react";

// What browsers have and jsdom lacks.
/** jsdom lays nothing out: everything is taken to be 800 pixels wide and high, so that virtual lists show rows. */
class Sized implements ResizeObserver {
  constructor(private readonly callback: ResizeObserverCallback) {}
  observe(target: Element): void {
    const box = [{ inlineSize: 800, blockSize: 800 }];
    const entry = { target, borderBoxSize: box, contentBoxSize: box } as unknown as ResizeObserverEntry;
    queueMicrotask(() => this.callback([entry], this));
  }
  unobserve(): void {}
  disconnect(): void {}
}
for (const side of ["clientHeight", "clientWidth", "offsetHeight", "offsetWidth"]) {
  Object.defineProperty(HTMLElement.prototype, side, { configurable: true, value: 800 });
}

const structuredClone = (value: unknown): unknown => deserialize(serialize(value));
Object.assign(globalThis, { structuredClone, TextDecoder, TextEncoder, ResizeObserver: Sized });
window.matchMedia = (query: string) =>
  Object.assign(new EventTarget(), { matches: false, media: query, onchange: null }) as unknown as MediaQueryList;
Element.prototype.scrollTo = () => {};
Element.prototype.scrollIntoView = () => {};
Element.prototype.hasPointerCapture = () => false;

configure({ asyncUtilTimeout: 30_000 });

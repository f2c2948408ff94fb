import german from "./de.json";
import english from "./en.json";

type Tree = { [key: string]: string | Tree };

function keys(tree: Tree, prefix = ""): string[] {
  return Object.entries(tree)
    .flatMap(([key, value]) => (typeof value === "string" ? [prefix + key] : keys(value, `${prefix}${key}.`)))
    .sort();
}

function values(tree: Tree, prefix = ""): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === "string" ? [[prefix + key, value]] : values(value, `${prefix}${key}.`),
  );
}

test("every language says the same things", () => {
  expect(keys(german)).toEqual(keys(english));
});

test("a translation fills in the same places", () => {
  const places = (text: string) => [...new Set([...text.matchAll(/\{(\w+)[,}]/g)].map(([, name]) => name))].sort();
  const translated = new Map(values(german));
  for (const [key, text] of values(english))
    expect([key, places(translated.get(key) ?? "")]).toEqual([key, places(text)]);
});

import nextJest from "next/jest.js";

/** @type {import("jest").Config} */
const config = {
  testEnvironment: "jsdom",
  setupFilesAfterEnv: ["<rootDir>/test/setup.ts"],
  moduleNameMapper: { "^@/(.*)$": "<rootDir>/src/$1" },
  testPathIgnorePatterns: ["/node_modules/", "<rootDir>/out/", "<rootDir>/out.new/", "<rootDir>/browser/"],
  modulePathIgnorePatterns: ["<rootDir>/out/", "<rootDir>/out.new/", "<rootDir>/.next/"],
  injectGlobals: true,
  restoreMocks: true,
  testTimeout: 120_000, // a guard against a test that hangs, not a measure
};

const create = nextJest({ dir: "./" });

/** next/jest ignores all of node_modules; these packages ship ES modules alone. */
export default async () => {
  const found = await create(config)();
  const intl = "use-intl|intl-messageformat|@formatjs|icu-minify|@schummar";
  const markdown =
    "react-markdown|remark-.*|unified|bail|is-plain-obj|trough|vfile.*|unist-.*|mdast-.*|micromark.*|hast-.*|devlop|ccount|" +
    "decode-named-character-reference|character-entities.*|property-information|(space|comma)-separated-tokens|" +
    "html-url-attributes|trim-lines|escape-string-regexp|markdown-table|longest-streak|zwitch|estree-util-.*";
  const esm = `${intl}|${markdown}`;
  return { ...found, transformIgnorePatterns: [`/node_modules/(?!(${esm})/)`, "^.+\\.module\\.css$"] };
};

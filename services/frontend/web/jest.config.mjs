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
  const esm = "use-intl|intl-messageformat|@formatjs|icu-minify|@schummar";
  return { ...found, transformIgnorePatterns: [`/node_modules/(?!(${esm})/)`, "^.+\\.module\\.css$"] };
};

import type { Config } from "jest";
import nextJest from "next/jest.js";

const config: Config = {
  testEnvironment: "jsdom",
  setupFilesAfterEnv: ["<rootDir>/test/setup.ts"],
  moduleNameMapper: { "^@/(.*)$": "<rootDir>/src/$1" },
  testPathIgnorePatterns: ["/node_modules/", "<rootDir>/out/", "<rootDir>/browser/"],
  modulePathIgnorePatterns: ["<rootDir>/out/", "<rootDir>/.next/"],
  injectGlobals: true,
  restoreMocks: true,
};

const create = nextJest({ dir: "./" });

/** next/jest ignores all of node_modules; these packages ship ES modules alone. */
export default async (): Promise<Config> => {
  const found = await create(config)();
  const esm = "use-intl|intl-messageformat|@formatjs|icu-minify|@schummar";
  return { ...found, transformIgnorePatterns: [`/node_modules/(?!(${esm})/)`, "^.+\\.module\\.css$"] };
};

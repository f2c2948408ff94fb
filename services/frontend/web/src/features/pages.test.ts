import { PAGES, preload } from "./pages";
import { VIEWS } from "./registry";

test("each view that is loaded when it is opened is one of the page's, and the other way round", () => {
  const withPage = VIEWS.filter(({ page }) => page).map(({ id }) => id);
  expect(Object.keys(PAGES).toSorted()).toEqual(withPage.toSorted());
});

test("the view that an address opens is loaded with the page, and no other", () => {
  const loads = Object.keys(PAGES).map((view) =>
    jest.spyOn(PAGES, view as "tags").mockRejectedValue(new Error("no network")),
  );
  for (const path of ["/", "/today", "/nothing", "/toString", "/all/settings"]) preload(path);
  expect(loads.every(({ mock }) => mock.calls.length === 0)).toBe(true);
  preload("/tags/home");
  expect(PAGES.tags).toHaveBeenCalledTimes(1);
});

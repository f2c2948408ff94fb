import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { queryOf, useAddress } from "@/lib/address";
import { liveEngine, renderApp, task } from "../../../test/render";
import { FilterMenu } from "./FilterMenu";

function Shown() {
  const address = useAddress();
  return address ? <FilterMenu query={queryOf(address)} /> : null;
}

async function show(count: number, address = "/all") {
  const tags = Array.from({ length: count }, (_, place) => `tag ${String(place).padStart(2, "0")}`);
  history.replaceState(null, "", address);
  renderApp(<Shown />, liveEngine([task({ id: "a", tags: [...tags, "Café"] })]));
  await userEvent.click(screen.getByRole("button", { name: /^Filter/ }));
  await screen.findByRole("group", { name: "Tags" });
}

test("a tag beyond the first ones is found as one types, and chosen", async () => {
  await show(40);
  expect(screen.queryByRole("button", { name: "tag 37" })).toBeNull();
  expect(screen.getByText("17 more")).toBeVisible();
  const field = screen.getByRole("textbox", { name: "Find a tag" });
  await userEvent.type(field, "37");
  await userEvent.click(screen.getByRole("button", { name: "tag 37" }));
  expect(location.search).toBe("?tag=tag+37");
  await userEvent.clear(field);
  expect(screen.getByRole("button", { name: "tag 37", pressed: true })).toBeVisible();
  await userEvent.type(field, "cafe");
  expect(screen.getByRole("button", { name: "Café" })).toBeVisible();
  await userEvent.type(field, "teria");
  expect(screen.getByText("No such tag")).toBeVisible();
});

test("a tag that the address asks for can be given up, also where no open task has it", async () => {
  await show(3, "/all?tag=gone");
  expect(screen.queryByRole("textbox", { name: "Find a tag" })).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "gone", pressed: true }));
  expect(location.search).toBe("");
});

import { render, screen } from "@testing-library/react";
import { reloadOnce } from "@/lib/reload";
import { Boundary } from "./Boundary";

jest.mock("@/lib/reload");

function Broken({ error }: { error: Error }): never {
  throw error;
}

beforeEach(() => void jest.spyOn(console, "error").mockImplementation(() => {}));

test("a part that a newer build no longer has is fetched by a fresh start; any other crash waits for the person", () => {
  render(
    <Boundary>
      <Broken error={new Error("broken")} />
    </Boundary>,
  );
  expect(screen.getByRole("button", { name: "Reload" })).toBeVisible();
  expect(reloadOnce).not.toHaveBeenCalled();
  const gone = Object.assign(new Error("Failed to load chunk"), { name: "ChunkLoadError" });
  render(
    <Boundary>
      <Broken error={gone} />
    </Boundary>,
  );
  expect(reloadOnce).toHaveBeenCalledTimes(1);
});

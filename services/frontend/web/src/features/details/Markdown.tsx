import Renderer from "react-markdown";
import gfm from "remark-gfm";

/** Markdown as elements: HTML in it stays text, links of other schemes than the web's lose their target, images are not loaded. */
export default function Markdown({ text }: { text: string }) {
  return (
    <Renderer
      remarkPlugins={[gfm]}
      disallowedElements={["img"]}
      components={{
        a: ({ href, children }) => (
          <a href={href} target="_blank" rel="noopener noreferrer">
            {children}
          </a>
        ),
      }}
    >
      {text}
    </Renderer>
  );
}

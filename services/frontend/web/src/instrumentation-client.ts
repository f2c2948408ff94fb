import { open } from "@/features/app/opening";
import { preload } from "@/features/pages";

// Next.js runs this before React takes the page over; what fails is told to who asks for the stage.
open().catch(() => {});
preload(location.pathname);

import { open } from "@/features/app/opening";

// Next.js runs this before React takes the page over; what fails is told to who asks for the stage.
open().catch(() => {});

import { Start } from "@/features/app/Start";

/** The only page: the address says which view it shows. */
export default function Page() {
  return <Start />;
}

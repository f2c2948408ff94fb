import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useId } from "react";
import { useTranslations } from "use-intl";
import { call } from "@/api/http";
import type { Channel, TrialReport } from "@/api/types";
import { uuid7 } from "@/lib/ids";
import { Button } from "@/ui/Button";
import { Switch } from "@/ui/Switch";
import { restOf } from "./errors";
import styles from "./Settings.module.css";

interface ChannelRowProps {
  channel: Channel;
  on: boolean;
  onChange: (to: boolean) => void;
  /** Whether what is saved can be tested as it is shown. */
  testable: boolean;
  children?: ReactNode;
}

/** A channel: on or off, where it leads, and a test of it. */
export function ChannelRow({ channel, on, onChange, testable, children }: ChannelRowProps) {
  const t = useTranslations("settings.channels");
  const id = useId();
  return (
    <div className={styles.channel}>
      <div className={styles.row}>
        <div>
          <label htmlFor={id} className={styles.name}>
            {t(`names.${channel}`)}
          </label>
          <p className={styles.hint}>{t(`hints.${channel}`)}</p>
        </div>
        <Switch id={id} checked={on} onChange={onChange} />
      </div>
      {children}
      <Trial channel={channel} testable={testable} />
    </div>
  );
}

function Trial({ channel, testable }: { channel: Channel; testable: boolean }) {
  const t = useTranslations();
  const trial = useMutation({
    mutationFn: () =>
      call<TrialReport>("POST", "/api/notifications/test", { body: { channels: [channel] }, key: uuid7() }),
  });
  const result = trial.data?.results[channel];
  const refused = restOf(trial.error, [], t("app.unreachable")) ?? (result?.delivered === false ? result.error : null);
  return (
    <div className={styles.buttons}>
      <Button
        disabled={!testable || trial.isPending}
        aria-label={t("settings.channels.testNamed", { channel: t(`settings.channels.names.${channel}`) })}
        onClick={() => trial.mutate()}
      >
        {t("settings.channels.test")}
      </Button>
      <output className={styles.result}>
        {trial.isPending ? <span className={styles.hint}>{t("settings.channels.testing")}</span> : null}
        {result?.delivered ? <span className={styles.ok}>{t("settings.channels.tested")}</span> : null}
        {refused || result?.delivered === false ? (
          <span className={styles.error}>{t("settings.channels.testFailed", { reason: refused ?? "" })}</span>
        ) : null}
      </output>
    </div>
  );
}

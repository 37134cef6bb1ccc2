// Answers the cases of metrics_compare.py with Kafka's own statistics. See README.md.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.metrics.CompoundStat;
import org.apache.kafka.common.metrics.MeasurableStat;
import org.apache.kafka.common.metrics.MetricConfig;
import org.apache.kafka.common.metrics.stats.Avg;
import org.apache.kafka.common.metrics.stats.Frequencies;
import org.apache.kafka.common.metrics.stats.Max;
import org.apache.kafka.common.metrics.stats.Rate;
import org.apache.kafka.connect.runtime.AbstractStatus.State;
import org.apache.kafka.connect.runtime.StateTracker;

public class MetricsOracle {
    private record Event(long time, double value) {}

    private static MetricName name(String name) {
        return new MetricName(name, "group", "", java.util.Map.of());
    }

    /** Looking changes Kafka's statistics, so each look gets statistics of its own. */
    private static String measure(MetricConfig config, List<Event> events, long now) {
        StringBuilder out = new StringBuilder();
        for (MeasurableStat stat : List.of(new Avg(), new Max(), new Rate())) {
            for (Event event : events) stat.record(config, event.value, event.time);
            out.append(stat.measure(config, now)).append(' ');
        }
        for (boolean wanted : new boolean[] {true, false}) {
            Frequencies stat = Frequencies.forBooleanValues(name("false"), name("true"));
            for (Event event : events) stat.record(config, event.value, event.time);
            for (CompoundStat.NamedMeasurable one : stat.stats()) {
                if (!one.name().name().equals(String.valueOf(wanted))) continue;
                out.append(one.stat().measure(config, now)).append(' ');
            }
        }
        return out.toString().trim();
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        MetricConfig config = new MetricConfig();
        List<Event> events = new ArrayList<>();
        StateTracker states = new StateTracker();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] part = line.split(" ");
            switch (part[0]) {
                case "window" -> {
                    config = new MetricConfig()
                        .timeWindow(Long.parseLong(part[1]), TimeUnit.MILLISECONDS)
                        .samples(Integer.parseInt(part[2]));
                    events = new ArrayList<>();
                    states = new StateTracker();
                }
                case "record" ->
                    events.add(new Event(Long.parseLong(part[1]), Double.parseDouble(part[2])));
                case "measure" ->
                    System.out.println(measure(config, events, Long.parseLong(part[1])));
                case "state" -> states.changeState(State.valueOf(part[2]), Long.parseLong(part[1]));
                case "ratio" -> System.out.println(
                    states.durationRatio(State.RUNNING, Long.parseLong(part[1])) + " "
                        + states.durationRatio(State.PAUSED, Long.parseLong(part[1])));
                default -> throw new IllegalArgumentException(line);
            }
        }
    }
}

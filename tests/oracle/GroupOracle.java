package org.apache.kafka.connect.runtime.distributed;

import java.io.BufferedOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.kafka.common.message.JoinGroupResponseData.JoinGroupResponseMember;
import org.apache.kafka.common.utils.LogContext;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.connect.storage.ClusterConfigState;
import org.apache.kafka.connect.util.ConnectorTaskId;

/**
 * Plays the lives of random groups of workers with Kafka's own assignors, and prints what went into
 * each round and what came out; then blobs and what Kafka reads from them. README.md has the notation.
 *
 * GroupOracle SEED SEQUENCES BLOBS
 */
class GroupOracle {
    static final HexFormat HEX = HexFormat.of();
    static final String[] PROTOCOLS = {"default", "compatible", "sessioned"};
    static final int[] MAX_DELAYS = {0, 0, 1, 40, 60_000, 60_000, 100_000, 300_000, 300_000};
    // Some of them fall into one bucket, or stand in another order as UTF-8 than as UTF-16.
    static final String[] NAMES = {"Aa", "BB", "c", "c-1", "c-10", "c-2", "file source", "\uff5e", "\ud83d\ude00",
        "s3", "jdbc-sink", "C", "\u00e9t\u00e9", "AaAa", "BBBB", "AaBB"};

    static Random random;
    static final StringBuilder out = new StringBuilder();
    static PrintStream stdout;

    static String hex(String text) {
        return "x" + HEX.formatHex(text.getBytes(StandardCharsets.UTF_8));
    }

    static String hex(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        return "x" + HEX.formatHex(copy);
    }

    static boolean maybe(double probability) {
        return random.nextDouble() < probability;
    }

    static <T> T pick(List<T> items) {
        return items.get(random.nextInt(items.size()));
    }

    static void flush() {
        stdout.append(out);
        out.setLength(0);
    }

    static final class Clock implements Time {
        long now = 1_700_000_000_000L;

        @Override
        public long milliseconds() {
            return now;
        }

        @Override
        public long nanoseconds() {
            return now * 1_000_000;
        }

        @Override
        public void sleep(long ms) {
            now += ms;
        }

        @Override
        public void waitObject(Object object, Supplier<Boolean> condition, long deadlineMs) {
            throw new UnsupportedOperationException();
        }
    }

    /** What an assignor asks of its worker; made without the constructor, which wants a network. */
    static class Coordinator extends WorkerCoordinator {
        Worker worker;
        int generation;
        ClusterConfigState config;
        ClusterConfigState fresh;
        LeaderState state;

        Coordinator() {
            super(null, null, null, null, null, null, null, null, null, null, 0);
        }

        @Override
        public int generationId() {
            return generation;
        }

        @Override
        public int lastCompletedGenerationId() {
            return worker.lastCompleted;
        }

        @Override
        public String memberId() {
            return worker.id;
        }

        @Override
        public ClusterConfigState configSnapshot() {
            return config;
        }

        @Override
        public ClusterConfigState configFreshSnapshot() {
            return fresh;
        }

        @Override
        public void configSnapshot(ClusterConfigState update) {
            config = update;
        }

        @Override
        public void leaderState(LeaderState update) {
            state = update;
        }
    }

    static Coordinator coordinator() throws Exception {
        Field field = sun.misc.Unsafe.class.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        return (Coordinator) ((sun.misc.Unsafe) field.get(null)).allocateInstance(Coordinator.class);
    }

    static final class Worker {
        final String id;
        final String url;
        final ConnectAssignor incremental;
        final ConnectAssignor eager = new EagerAssignor(new LogContext());
        ExtendedAssignment held;
        int lastCompleted = -1;
        int lag;  // of its view of the config topic

        Worker(String id, Time time, int maxDelay) {
            this.id = id;
            this.url = "http://" + id + ":8083/";
            this.incremental = new IncrementalCooperativeAssignor(new LogContext(), time, maxDelay);
        }
    }

    /** One group from its first member on. */
    static final class Group {
        final Clock time = new Clock();
        final int maxDelay = MAX_DELAYS[random.nextInt(MAX_DELAYS.length)];
        final List<Worker> workers = new ArrayList<>();
        final List<Worker> gone = new ArrayList<>();
        final List<Map<String, Integer>> configs = new ArrayList<>();
        final int maxTasks = random.nextInt(4) == 0 ? 14 : 5;
        final int maxWorkers = random.nextInt(25) == 0 ? 30 : 7;
        int protocol = random.nextInt(8) == 0 ? 0 : 1 + random.nextInt(2);
        int generation = random.nextInt(3);
        int nextId = 0;
        int lastDelay = 0;
        Worker leader;

        Group() {
            Map<String, Integer> config = new TreeMap<>();
            configs.add(config);
            for (int i = random.nextInt(6); i > 0; i--) config.put(pick(List.of(NAMES)), random.nextInt(maxTasks));
            for (int i = 1 + random.nextInt(maxWorkers / 2); i > 0; i--) join();
        }

        Map<String, Integer> latest() {
            return configs.get(configs.size() - 1);
        }

        void join() {
            if (workers.size() >= maxWorkers) return;
            String id = "connect-" + nextId++ + (maybe(0.5) ? "-" + Long.toHexString(random.nextLong()) : "");
            workers.add(new Worker(id, time, maxDelay));
        }

        void leave() {
            if (workers.size() < 2) return;
            Worker left = workers.remove(random.nextInt(workers.size()));
            if (maybe(0.3)) gone.add(left);
        }

        /** Comes back as the same member: the coordinator missed it for one round. Rarely with work. */
        void comeBack() {
            if (gone.isEmpty() || workers.size() >= maxWorkers) return;
            Worker back = gone.remove(random.nextInt(gone.size()));
            if (maybe(0.6)) back.held = null;
            workers.add(back);
        }

        void reconfigure() {
            Map<String, Integer> config = new TreeMap<>(latest());
            for (int i = 1 + random.nextInt(2); i > 0; i--) {
                String name = config.isEmpty() || maybe(0.5) ? pick(List.of(NAMES)) : pick(new ArrayList<>(config.keySet()));
                if (maybe(0.35)) {
                    config.remove(name);
                } else if (config.size() < 10 || config.containsKey(name)) {
                    config.put(name, maybe(0.1) ? 0 : random.nextInt(maxTasks));
                }
            }
            configs.add(config);
        }

        void happen() {
            if (maybe(0.25)) join();
            if (maybe(0.2)) leave();
            if (maybe(0.15)) comeBack();
            if (maybe(0.05)) {
                int crowd = random.nextInt(maxWorkers);
                for (int i = 0; i < crowd; i++) join();
            }
            if (maybe(0.3)) reconfigure();
            if (maybe(0.03)) protocol = random.nextInt(3);
            if (maybe(0.05)) generation += random.nextInt(3);
            if (maybe(0.05)) pick(workers).held = null;
            if (maybe(0.03)) zombie(pick(workers));
            Collections.shuffle(workers, random);
            pass();
        }

        /** A member that claims to hold what it should not. */
        void zombie(Worker worker) {
            String name = pick(List.of(NAMES));
            List<String> connectors = new ArrayList<>(maybe(0.5) ? List.of(name, name) : List.of());
            List<ConnectorTaskId> tasks = new ArrayList<>();
            for (int i = random.nextInt(4); i > 0; i--) tasks.add(new ConnectorTaskId(name, random.nextInt(4)));
            if (worker.held != null) {
                connectors.addAll(worker.held.connectors());
                tasks.addAll(worker.held.tasks());
            }
            worker.held = new ExtendedAssignment((short) 2, (short) 0, "x", "y", 1, connectors, tasks,
                new ArrayList<>(), new ArrayList<>(), 0);
        }

        void pass() {
            if (maybe(0.03)) time.now -= random.nextInt(maxDelay + 1);  // clocks are set back too
            switch (random.nextInt(6)) {
                case 0: break;
                case 1: time.now += random.nextInt(50); break;
                case 2: time.now += lastDelay; break;
                case 3: time.now += Math.max(0, lastDelay - 1); break;
                case 4: time.now += random.nextInt(maxDelay + 1); break;
                default: time.now += maxDelay + random.nextInt(1000);
            }
        }

        ClusterConfigState state(int lag) {
            int index = Math.max(0, configs.size() - 1 - lag);
            Map<String, Integer> counts = configs.get(index);
            Map<String, Map<String, String>> connectors = new HashMap<>();
            for (String name : counts.keySet()) connectors.put(name, Map.of());
            return new ClusterConfigState(10L * index + 4, null, counts, connectors, Map.of(), Map.of(), Map.of(),
                Map.of(), Map.of(), java.util.Set.of(), java.util.Set.of());
        }

        void round() throws Exception {
            generation++;
            if (leader == null || !workers.contains(leader) || maybe(0.05)) leader = pick(workers);
            List<JoinGroupResponseMember> members = new ArrayList<>();
            out.append("R ").append(protocol).append(' ').append(hex(leader.id)).append(' ').append(time.now)
                .append(' ').append(leader.lastCompleted).append(' ').append(generation).append('\n');
            for (Worker worker : workers) {
                worker.lag = maybe(0.15) ? 1 + random.nextInt(2) : 0;
                ExtendedWorkerState state = new ExtendedWorkerState(worker.url, state(worker.lag).offset(), worker.held);
                ByteBuffer blob = protocol == 0 ? ConnectProtocol.serializeMetadata(state)
                    : IncrementalCooperativeConnectProtocol.serializeMetadata(state, protocol == 2);
                byte[] bytes = new byte[blob.remaining()];
                blob.duplicate().get(bytes);
                members.add(new JoinGroupResponseMember().setMemberId(worker.id).setMetadata(bytes));
                out.append("M ").append(hex(worker.id)).append(' ').append(hex(blob)).append('\n');
            }
            Coordinator coordinator = coordinator();
            coordinator.worker = leader;
            coordinator.generation = generation;
            coordinator.config = state(leader.lag);
            coordinator.fresh = state(maybe(0.5) ? leader.lag : 0);
            print("C", coordinator.config);
            print("F", coordinator.fresh);
            Map<String, ByteBuffer> assigned = (protocol == 0 ? leader.eager : leader.incremental)
                .performAssignment(leader.id, PROTOCOLS[protocol], members, coordinator);
            for (Worker worker : workers) {
                out.append("A ").append(hex(worker.id)).append(' ').append(hex(assigned.get(worker.id))).append('\n');
            }
            printOwners(coordinator.state);
            sync(assigned);
        }

        /** Everybody applies what it got; now and then some, the leader, or all do not get it. */
        void sync(Map<String, ByteBuffer> assigned) {
            boolean fails = maybe(0.12);
            double missing = maybe(0.3) ? 1 : 0.4;
            for (Worker worker : workers) {
                if (fails && maybe(missing)) continue;
                ExtendedAssignment next =
                    IncrementalCooperativeConnectProtocol.deserializeAssignment(assigned.get(worker.id).duplicate());
                lastDelay = next.delay();
                if (protocol != 0 && worker.held != null) {
                    worker.held.connectors().removeAll(next.revokedConnectors());
                    worker.held.tasks().removeAll(next.revokedTasks());
                    next = ExtendedAssignment.duplicate(next);
                    next.connectors().addAll(worker.held.connectors());
                    next.tasks().addAll(worker.held.tasks());
                }
                worker.held = new ExtendedAssignment(next.version(), next.error(), next.leader(), next.leaderUrl(),
                    next.offset(), new ArrayList<>(next.connectors()), new ArrayList<>(next.tasks()),
                    new ArrayList<>(next.revokedConnectors()), new ArrayList<>(next.revokedTasks()), next.delay());
                worker.lastCompleted = generation;
            }
        }
    }

    static void print(String kind, ClusterConfigState config) {
        out.append(kind).append(' ').append(config.offset());
        for (String name : config.connectors()) {
            out.append(' ').append(hex(name)).append(' ').append(config.tasks(name).size());
        }
        out.append('\n');
    }

    @SuppressWarnings("unchecked")
    static <K> Map<K, String> owners(WorkerCoordinator.LeaderState state, String name) throws Exception {
        Field field = WorkerCoordinator.LeaderState.class.getDeclaredField(name);
        field.setAccessible(true);
        return new TreeMap<>((Map<K, String>) field.get(state));
    }

    static void printOwners(WorkerCoordinator.LeaderState state) throws Exception {
        if (state == null) {
            out.append("N\n");
            return;
        }
        GroupOracle.<String>owners(state, "connectorOwners").forEach((connector, member) ->
            out.append("O ").append(hex(connector)).append(" -1 ").append(hex(member)).append('\n'));
        GroupOracle.<ConnectorTaskId>owners(state, "taskOwners").forEach((task, member) ->
            out.append("O ").append(hex(task.connector())).append(' ').append(task.task()).append(' ')
                .append(hex(member)).append('\n'));
        out.append("E\n");
    }

    static String describe(Collection<String> connectors, Collection<ConnectorTaskId> tasks) {
        StringBuilder text = new StringBuilder();
        for (String connector : connectors) text.append(hex(connector)).append(' ');
        for (ConnectorTaskId task : tasks) text.append(hex(task.connector())).append('/').append(task.task()).append(' ');
        return text.toString();
    }

    static String describe(ExtendedAssignment assignment) {
        return "assignment " + assignment.error() + " " + hex(assignment.leader()) + " " + hex(assignment.leaderUrl())
            + " " + assignment.offset() + " " + assignment.delay() + " has "
            + describe(assignment.connectors(), assignment.tasks()) + "revokes "
            + describe(assignment.revokedConnectors(), assignment.revokedTasks());
    }

    static ExtendedAssignment randomAssignment() {
        List<String> connectors = new ArrayList<>();
        List<ConnectorTaskId> tasks = new ArrayList<>();
        List<String> revokedConnectors = new ArrayList<>();
        List<ConnectorTaskId> revokedTasks = new ArrayList<>();
        for (int i = random.nextInt(20); i > 0; i--) (maybe(0.7) ? connectors : revokedConnectors).add(pick(List.of(NAMES)));
        for (int i = random.nextInt(20); i > 0; i--) {
            (maybe(0.7) ? tasks : revokedTasks).add(new ConnectorTaskId(pick(List.of(NAMES)), random.nextInt(20)));
        }
        return new ExtendedAssignment((short) 1, (short) random.nextInt(3), pick(List.of(NAMES)), pick(List.of(NAMES)),
            random.nextLong(), connectors, tasks, revokedConnectors, revokedTasks, random.nextInt());
    }

    static byte[] mutated(ByteBuffer blob) {
        byte[] bytes = new byte[blob.remaining()];
        blob.duplicate().get(bytes);
        if (maybe(0.4)) return bytes;
        if (maybe(0.3)) bytes = java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length + 8));
        for (int i = random.nextInt(3); i > 0 && bytes.length > 0; i--) {
            bytes[random.nextInt(bytes.length)] = maybe(0.5) ? (byte) random.nextInt(256) : (byte) (random.nextInt(5) - 2);
        }
        return bytes;
    }

    /** What Kafka reads, and what it writes of that in the three versions. */
    static void assignmentBlob() {
        ExtendedAssignment made = randomAssignment();
        byte[] bytes = mutated(maybe(0.3) ? ConnectProtocol.serializeAssignment(made)
            : IncrementalCooperativeConnectProtocol.serializeAssignment(made, maybe(0.5)));
        out.append("B ").append(hex(ByteBuffer.wrap(bytes)));
        try {
            ExtendedAssignment read = IncrementalCooperativeConnectProtocol.deserializeAssignment(ByteBuffer.wrap(bytes));
            out.append('\t').append(describe(read)).append('\t').append(hex(ConnectProtocol.serializeAssignment(read)))
                .append('\t').append(hex(IncrementalCooperativeConnectProtocol.serializeAssignment(read, false)))
                .append('\t').append(hex(IncrementalCooperativeConnectProtocol.serializeAssignment(read, true)));
        } catch (RuntimeException e) {
            out.append("\terror");
        }
        out.append('\n');
    }

    static void subscriptionBlob() {
        ExtendedWorkerState made =
            new ExtendedWorkerState(pick(List.of(NAMES)), random.nextLong(), maybe(0.2) ? null : randomAssignment());
        byte[] bytes = mutated(maybe(0.2) ? ConnectProtocol.serializeMetadata(made)
            : IncrementalCooperativeConnectProtocol.serializeMetadata(made, maybe(0.5)));
        out.append("U ").append(hex(ByteBuffer.wrap(bytes)));
        try {
            ExtendedWorkerState read = IncrementalCooperativeConnectProtocol.deserializeMetadata(ByteBuffer.wrap(bytes));
            boolean none = read.assignment() == ExtendedAssignment.empty();
            out.append('\t').append("subscription ").append(hex(read.url())).append(' ').append(read.offset()).append(' ')
                .append(none ? "none" : describe(read.assignment()))
                .append('\t').append(hex(ConnectProtocol.serializeMetadata(read)))
                .append('\t').append(hex(IncrementalCooperativeConnectProtocol.serializeMetadata(read, false)))
                .append('\t').append(hex(IncrementalCooperativeConnectProtocol.serializeMetadata(read, true)));
        } catch (RuntimeException e) {
            out.append("\terror");
        }
        out.append('\n');
    }

    public static void main(String[] args) throws Exception {
        stdout = new PrintStream(new BufferedOutputStream(System.out, 1 << 16), false, StandardCharsets.US_ASCII);
        random = new Random(Long.parseLong(args[0]));
        int sequences = Integer.parseInt(args[1]);
        out.append("J ").append(Runtime.version().feature()).append('\n');
        for (int i = 0; i < sequences; i++) {
            Group group = new Group();
            out.append("S ").append(group.maxDelay).append('\n');
            for (int rounds = 5 + random.nextInt(26); rounds > 0; rounds--) {
                group.round();
                group.happen();
            }
            flush();
        }
        for (int i = Integer.parseInt(args[2]); i > 0; i--) {
            assignmentBlob();
            subscriptionBlob();
            flush();
        }
        stdout.flush();
    }
}

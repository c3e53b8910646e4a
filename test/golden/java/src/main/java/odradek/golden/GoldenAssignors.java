package odradek.golden;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.coordinator.group.api.assignor.ConsumerGroupPartitionAssignor;
import org.apache.kafka.coordinator.group.api.assignor.GroupAssignment;
import org.apache.kafka.coordinator.group.api.assignor.SubscribedTopicDescriber;
import org.apache.kafka.coordinator.group.api.assignor.SubscriptionType;
import org.apache.kafka.coordinator.group.assignor.RangeAssignor;
import org.apache.kafka.coordinator.group.assignor.UniformAssignor;
import org.apache.kafka.coordinator.group.modern.Assignment;
import org.apache.kafka.coordinator.group.modern.GroupSpecImpl;
import org.apache.kafka.coordinator.group.modern.MemberSubscriptionAndAssignmentImpl;

/**
 * Has Kafka's own assignors assign random groups that change step by step, and writes what came out: a line of JSON a group.
 * GoldenAssignors FILE. The format is told by test/unit/machine/group/assignor/golden.ts.
 */
public final class GoldenAssignors {
    private static final String[] RACKS = {"a", "b", "c"};

    private final Random random;
    private final List<Uuid> topics = new ArrayList<>();
    private final Map<Uuid, Integer> partitions = new LinkedHashMap<>();
    private final Map<String, Member> members = new LinkedHashMap<>();
    /** The members of the step before, in its order. */
    private List<Member> before = List.of();
    private int joined = 0;

    private static final class Member {
        String instanceId;
        Set<Integer> topics = new TreeSet<>();
        Map<Uuid, Set<Integer>> assigned = new HashMap<>();
    }

    private GoldenAssignors(long seed) {
        random = new Random(seed);
    }

    public static void main(String[] args) throws Exception {
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(Path.of(args[0])))) {
            for (int seed = 0; seed < 210; seed++) new GoldenAssignors(seed).run(out, seed);
        }
    }

    private Uuid uuid() {
        return new Uuid(random.nextLong(), random.nextLong());
    }

    private int between(int low, int high) {
        return low + random.nextInt(high - low + 1);
    }

    private void run(PrintWriter out, int seed) {
        boolean large = seed % 20 == 19;
        ConsumerGroupPartitionAssignor assignor = seed % 5 == 4 ? new RangeAssignor() : new UniformAssignor();
        boolean equal = seed % 2 == 0;
        int same = between(1, 12);
        for (int i = between(1, large ? 15 : 4); i > 0; i--) {
            Uuid id = uuid();
            topics.add(id);
            partitions.put(id, seed % 3 == 0 ? same : large ? between(1, 60) : between(1, 12));
        }
        for (int i = between(1, large ? 40 : 7); i > 0; i--) join(equal);
        StringBuilder line = new StringBuilder("{\"assignor\":\"" + assignor.name() + "\",\"topics\":[");
        line.append(topics.stream().map(id -> "\"" + id + "\"").collect(Collectors.joining(","))).append("],\"steps\":[");
        int steps = between(2, large ? 3 : 7);
        for (int step = 0; step < steps; step++) {
            if (step > 0) line.append(',');
            if (step > 0) change(equal, large);
            else if (random.nextInt(3) == 0) scatter();
            line.append(assign(assignor, step == 0));
        }
        out.println(line.append("]}"));
    }

    private void join(boolean equal) {
        Member member = new Member();
        if (random.nextInt(4) == 0) member.instanceId = "i" + random.nextInt(1000) + "-" + joined;
        subscribe(member, equal);
        String id = random.nextInt(2) == 0 ? "m" + joined : uuid().toString();
        joined++;
        members.put(id, member);
    }

    private void subscribe(Member member, boolean equal) {
        member.topics.clear();
        for (int i = 0; i < topics.size(); i++) {
            if (equal || random.nextInt(3) > 0) member.topics.add(i);
        }
    }

    /** Partitions are with anybody at first, or with nobody. */
    private void scatter() {
        List<Member> all = new ArrayList<>(members.values());
        for (Uuid topic : topics) {
            for (int partition = 0; partition < partitions.get(topic); partition++) {
                if (random.nextInt(4) == 0) continue;
                Member member = all.get((int) (random.nextDouble() * random.nextDouble() * all.size()));
                member.assigned.putIfAbsent(topic, new HashSet<>());
                member.assigned.get(topic).add(partition);
            }
        }
    }

    private void change(boolean equal, boolean large) {
        for (int i = between(1, large ? 8 : 2); i > 0; i--) {
            List<String> ids = new ArrayList<>(members.keySet());
            String id = ids.get(random.nextInt(ids.size()));
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> join(equal);
                case 3, 4 -> {
                    if (members.size() > 1) members.remove(id);
                }
                case 5 -> {
                    Uuid topic = topics.get(random.nextInt(topics.size()));
                    partitions.merge(topic, between(1, 5), Integer::sum);
                }
                case 6 -> {
                    if (!equal) subscribe(members.get(id), false);
                    else if (topics.size() > 1) {
                        int gone = random.nextInt(topics.size());
                        members.values().forEach(member -> member.topics.remove(gone));
                    }
                }
                default -> {
                    // A static member comes back under another id, or a member with its assignment takes a new place.
                    Member member = members.remove(id);
                    members.put(uuid().toString(), member);
                }
            }
        }
    }

    private String assign(ConsumerGroupPartitionAssignor assignor, boolean first) {
        Map<String, MemberSubscriptionAndAssignmentImpl> specs = new HashMap<>();
        Map<Uuid, Map<Integer, String>> inverted = new HashMap<>();
        StringBuilder line = new StringBuilder("{\"partitions\":[");
        line.append(topics.stream().map(id -> partitions.get(id).toString()).collect(Collectors.joining(","))).append("],\"members\":[");
        String comma = "";
        Set<Set<Integer>> subscriptions = new HashSet<>();
        for (Map.Entry<String, Member> entry : members.entrySet()) {
            Member member = entry.getValue();
            subscriptions.add(member.topics);
            Set<Uuid> ids = new LinkedHashSet<>();
            member.topics.forEach(index -> ids.add(topics.get(index)));
            specs.put(entry.getKey(), new MemberSubscriptionAndAssignmentImpl(
                Optional.of(RACKS[random.nextInt(RACKS.length)]), Optional.ofNullable(member.instanceId), ids, new Assignment(member.assigned)));
            member.assigned.forEach((topic, owned) -> owned.forEach(
                partition -> inverted.computeIfAbsent(topic, id -> new HashMap<>()).put(partition, entry.getKey())));
            String instanceId = member.instanceId == null ? "null" : "\"" + member.instanceId + "\"";
            line.append(comma).append("[\"" + entry.getKey() + "\"," + instanceId + "," + member.topics.toString().replace(" ", ""));
            line.append("," + (first ? text(member.assigned) : before.indexOf(member)) + "]");
            comma = ",";
        }
        GroupAssignment result = assignor.assign(
            new GroupSpecImpl(specs, subscriptions.size() > 1 ? SubscriptionType.HETEROGENEOUS : SubscriptionType.HOMOGENEOUS, inverted),
            new Topics());
        before = List.copyOf(members.values());
        line.append("],\"result\":[");
        comma = "";
        for (Map.Entry<String, Member> entry : members.entrySet()) {
            Map<Uuid, Set<Integer>> assigned = result.members().containsKey(entry.getKey())
                ? result.members().get(entry.getKey()).partitions() : Collections.emptyMap();
            // As from a record: a list, from which a set is made. In the topics' order: keys of one bucket come in that of putting.
            Map<Uuid, Set<Integer>> copy = new HashMap<>();
            for (Uuid topic : topics) {
                Set<Integer> owned = assigned.getOrDefault(topic, Set.of());
                if (!owned.isEmpty()) copy.put(topic, new HashSet<>(new TreeSet<>(owned)));
            }
            entry.getValue().assigned = copy;
            line.append(comma).append(text(copy));
            comma = ",";
        }
        return line.append("]}").toString();
    }

    /** `0:0-3,7;2:1`: topics by their index, ranges of partitions. */
    private String text(Map<Uuid, Set<Integer>> assigned) {
        Map<Integer, Set<Integer>> sorted = new TreeMap<>();
        assigned.forEach((topic, owned) -> sorted.put(topics.indexOf(topic), new TreeSet<>(owned)));
        StringBuilder text = new StringBuilder("\"");
        sorted.forEach((topic, owned) -> {
            text.append(text.length() > 1 ? ";" : "").append(topic).append(':');
            Integer start = null;
            Integer last = null;
            StringBuilder ranges = new StringBuilder();
            for (Integer partition : owned) {
                if (last != null && partition != last + 1) {
                    ranges.append(range(start, last)).append(',');
                    start = partition;
                }
                if (start == null) start = partition;
                last = partition;
            }
            text.append(ranges).append(range(start, last));
        });
        return text.append('"').toString();
    }

    private static String range(int start, int last) {
        return start == last ? "" + start : start + "-" + last;
    }

    private final class Topics implements SubscribedTopicDescriber {
        @Override
        public int numPartitions(Uuid topicId) {
            return partitions.getOrDefault(topicId, -1);
        }

        @Override
        public Set<String> racksForPartition(Uuid topicId, int partition) {
            return Set.of(RACKS[(partition + topics.indexOf(topicId)) % RACKS.length]);
        }
    }
}

// Members of one consumer group, threads of one process: GroupMembers BOOTSTRAP TOPIC GROUP PROTOCOL, where PROTOCOL is eager,
// cooperative or consumer (KIP-848). Reads lines "join NAME" and "leave NAME", and ends when there are no more; writes "joined NAME",
// "left NAME", "error NAME text" and "r NAME partition offset" for each record. What was read is committed before it is handed over.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public final class GroupMembers {
    private static final Map<String, Member> MEMBERS = new ConcurrentHashMap<>();

    public static void main(String[] args) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split(" ");
            if (words[0].equals("join")) {
                Member member = new Member(args, words[1]);
                MEMBERS.put(words[1], member);
                member.start();
            } else {
                MEMBERS.get(words[1]).isLeaving = true;
            }
        }
        for (Member member : MEMBERS.values()) member.isLeaving = true;
        for (Member member : MEMBERS.values()) member.join(20_000);
        System.exit(0);
    }

    private static void say(String line) {
        synchronized (System.out) {
            System.out.println(line);
        }
    }

    private static final class Member extends Thread {
        private final String[] args;
        volatile boolean isLeaving = false;

        Member(String[] args, String name) {
            super(name);
            this.args = args;
        }

        @Override
        public void run() {
            Map<String, Object> config = new HashMap<>(Map.of(
                "bootstrap.servers", args[0], "group.id", args[2], "enable.auto.commit", false, "auto.offset.reset", "earliest",
                "client.id", getName(), "fetch.max.wait.ms", 50, "max.poll.records", 200));
            if (args[3].equals("consumer")) {
                config.put("group.protocol", "consumer");
            } else {
                config.put("heartbeat.interval.ms", 500);
                config.put("session.timeout.ms", 10_000);
                config.put("partition.assignment.strategy", "org.apache.kafka.clients.consumer."
                    + (args[3].equals("eager") ? "RangeAssignor" : "CooperativeStickyAssignor"));
            }
            try (KafkaConsumer<byte[], byte[]> consumer =
                     new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
                consumer.subscribe(List.of(args[1]), new Commits(consumer));
                boolean isIn = false;
                while (!isLeaving) {
                    var records = consumer.poll(Duration.ofMillis(50));
                    if (!isIn && !consumer.assignment().isEmpty()) {
                        isIn = true;
                        say("joined " + getName());
                    }
                    for (ConsumerRecord<byte[], byte[]> record : records) {
                        say("r " + getName() + " " + record.partition() + " " + record.offset());
                    }
                    if (!records.isEmpty()) consumer.commitAsync();
                }
                consumer.commitSync();
            } catch (Exception failed) {
                say("error " + getName() + " " + failed);
            }
            say("left " + getName());
        }
    }

    private record Commits(KafkaConsumer<byte[], byte[]> consumer) implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            consumer.commitSync();
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        }
    }
}

// Transactional producers and consumers that do what they are told: Transactor BOOTSTRAP. Reads a line of JSON for each request,
// {"n":1,"do":"open","name":"a","id":"x"}, and answers each with a line that repeats `n`; an answer with "error" names the exceptions
// from the outermost to the cause. Requests of one name run one after the other, those of several names at the same time. Runs on old
// clients too, so it calls nothing that kafka-clients 3.7 does not have. See transactor.py for the requests.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public final class Transactor {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final String bootstrap;
    private final Map<String, KafkaProducer<byte[], byte[]>> producers = new ConcurrentHashMap<>();
    private final Map<String, ExecutorService> threads = new HashMap<>();

    private Transactor(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    public static void main(String[] args) throws Exception {
        Transactor transactor = new Transactor(args[0]);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode request = JSON.readTree(line);
            String name = request.path("name").asText(request.get("n").asText());
            transactor.threads.computeIfAbsent(name, unused -> Executors.newSingleThreadExecutor())
                .execute(() -> transactor.answer(request));
        }
        System.exit(0);
    }

    private void answer(JsonNode request) {
        ObjectNode answer = JSON.createObjectNode();
        answer.set("n", request.get("n"));
        try {
            run(request, answer);
        } catch (Throwable failed) {
            StringBuilder names = new StringBuilder();
            for (Throwable one = failed; one != null && names.length() < 500; one = one.getCause()) {
                names.append(names.length() == 0 ? "" : " ").append(one.getClass().getSimpleName());
            }
            answer.put("error", names.toString()).put("message", String.valueOf(failed.getMessage()));
        }
        synchronized (System.out) {
            System.out.println(answer);
        }
    }

    private void run(JsonNode request, ObjectNode answer) throws Exception {
        KafkaProducer<byte[], byte[]> producer = producers.get(request.path("name").asText());
        switch (request.get("do").asText()) {
            case "open" -> open(request);
            case "begin" -> producer.beginTransaction();
            case "send" -> send(producer, request.get("records"));
            case "offsets" -> offsets(producer, request);
            case "commit" -> producer.commitTransaction();
            case "abort" -> producer.abortTransaction();
            case "close" -> producers.remove(request.get("name").asText()).close(Duration.ZERO);
            case "read" -> read(request, answer);
            case "committed" -> committed(request, answer);
            case "create" -> create(request.get("topic").asText(), request.get("partitions").asInt());
            case "level" -> level(answer);
            case "fence" -> fence(request.get("id").asText());
            default -> throw new IllegalArgumentException(request.toString());
        }
    }

    private void open(JsonNode request) {
        Map<String, Object> config = new HashMap<>(Map.of(
            "bootstrap.servers", bootstrap, "linger.ms", 0, "max.block.ms", request.path("wait").asInt(20_000),
            "reconnect.backoff.max.ms", 200, "delivery.timeout.ms", 30_000, "request.timeout.ms", 15_000,
            "transaction.timeout.ms", request.path("timeout").asInt(60_000)));
        config.put("client.id", request.get("name").asText());
        config.put("transactional.id", request.get("id").asText());
        KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
        try {
            producer.initTransactions();
        } catch (RuntimeException failed) {
            producer.close(Duration.ZERO);
            throw failed;
        }
        producers.put(request.get("name").asText(), producer);
    }

    /** Resolves when all are acknowledged; throws what the first that was not says. */
    private void send(KafkaProducer<byte[], byte[]> producer, JsonNode records) throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (JsonNode record : records) {
            byte[] value = record.get(2).asText().getBytes(StandardCharsets.UTF_8);
            sent.add(producer.send(new ProducerRecord<>(record.get(0).asText(), record.get(1).asInt(), null, value)));
        }
        producer.flush();
        for (Future<RecordMetadata> one : sent) one.get();
    }

    private void offsets(KafkaProducer<byte[], byte[]> producer, JsonNode request) {
        TopicPartition partition = new TopicPartition(request.get("topic").asText(), request.get("partition").asInt());
        ConsumerGroupMetadata group = request.has("member")
            ? new ConsumerGroupMetadata(
                request.get("group").asText(), request.get("generation").asInt(), request.get("member").asText(), Optional.empty())
            : new ConsumerGroupMetadata(request.get("group").asText());
        producer.sendOffsetsToTransaction(Map.of(partition, new OffsetAndMetadata(request.get("offset").asLong())), group);
    }

    private KafkaConsumer<byte[], byte[]> consumer(JsonNode request) {
        Map<String, Object> config = new HashMap<>(Map.of(
            "bootstrap.servers", bootstrap, "enable.auto.commit", false, "auto.offset.reset", "none", "fetch.max.wait.ms", 100,
            "isolation.level", request.get("isolation").asText(), "default.api.timeout.ms", request.path("wait").asInt(20_000)));
        if (request.has("group")) config.put("group.id", request.get("group").asText());
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** The values of each partition, up to the end that the isolation level sees. */
    private void read(JsonNode request, ObjectNode answer) {
        String topic = request.get("topic").asText();
        for (int partition = 0; partition < request.get("partitions").asInt(); partition++) answer.putArray("" + partition);
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(request)) {
            List<TopicPartition> assigned = new ArrayList<>();
            for (int partition = 0; partition < request.get("partitions").asInt(); partition++) {
                assigned.add(new TopicPartition(topic, partition));
            }
            consumer.assign(assigned);
            consumer.seekToBeginning(assigned);
            Map<TopicPartition, Long> ends = consumer.endOffsets(assigned);
            long until = System.nanoTime() + 20_000_000_000L;
            while (assigned.stream().anyMatch(one -> consumer.position(one) < ends.get(one))) {
                if (System.nanoTime() > until) throw new IllegalStateException("the end was not reached: " + ends);
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    answer.withArray("" + record.partition()).add(new String(record.value(), StandardCharsets.UTF_8));
                }
            }
        }
    }

    /** The committed offset; read_committed waits for transactions that are still open. */
    private void committed(JsonNode request, ObjectNode answer) {
        TopicPartition partition = new TopicPartition(request.get("topic").asText(), request.get("partition").asInt());
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(request)) {
            OffsetAndMetadata found = consumer.committed(Set.of(partition)).get(partition);
            answer.put("offset", found == null ? -1 : found.offset());
        }
    }

    /** Returns when every partition is known to have a leader, which with Kafka is a moment after the topic was made. */
    private void create(String topic, int partitions) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get();
            for (long until = System.nanoTime() + 20_000_000_000L; ; Thread.sleep(20)) {
                try {
                    var found = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions();
                    if (found.size() == partitions && found.stream().allMatch(one -> one.leader() != null)) return;
                } catch (ExecutionException absent) {
                    if (System.nanoTime() > until) throw absent;
                }
            }
        }
    }

    /** The level of transaction.version on which the cluster has agreed. */
    private void level(ObjectNode answer) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            var found = admin.describeFeatures().featureMetadata().get().finalizedFeatures().get("transaction.version");
            answer.put("level", found == null ? 0 : found.maxVersionLevel());
        }
    }

    private void fence(String id) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.fenceProducers(List.of(id)).all().get();
        }
    }
}

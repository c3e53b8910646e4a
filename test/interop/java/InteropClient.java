// The Java client of the interop suite: produce, consume, shapes-write, shapes-read, times, crash. It reads jobs as JSON and answers
// one line of JSON a job; see workload.py for the records.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public final class InteropClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PATTERN = "the spool winds its thread; ";

    private final String bootstrap;

    private InteropClient(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    private interface Command {
        void run(JsonNode cell, ObjectNode answer) throws Exception;
    }

    private interface Reader {
        void read(ConsumerRecord<byte[], byte[]> record);
    }

    /** Arguments: command, bootstrap, jobs; or crash, bootstrap, topic, partitions, file of acknowledgements. */
    public static void main(String[] args) throws Exception {
        InteropClient client = new InteropClient(args[1]);
        if (args[0].equals("crash")) {
            client.crash(args[2], Integer.parseInt(args[3]), Path.of(args[4]));
            return;
        }
        Command command = switch (args[0]) {
            case "produce" -> client::produce;
            case "consume" -> client::consume;
            case "shapes-write" -> client::writeShapes;
            case "shapes-read" -> client::readShapes;
            case "times" -> client::times;
            default -> throw new IllegalArgumentException(args[0]);
        };
        for (JsonNode cell : JSON.readTree(new File(args[2]))) {
            long began = System.nanoTime();
            ObjectNode answer = JSON.createObjectNode().put("topic", cell.get("topic").asText());
            try {
                command.run(cell, answer);
            } catch (Exception failed) {
                answer.put("error", failed.toString());
            }
            answer.put("seconds", (System.nanoTime() - began) / 1e9);
            System.out.println(JSON.writeValueAsString(answer));
        }
    }

    private KafkaProducer<byte[], byte[]> producer(String codec, String acks, boolean idempotence) {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", bootstrap);
        config.put("compression.type", codec);
        config.put("acks", acks);
        config.put("enable.idempotence", idempotence);
        config.put("linger.ms", 5);
        config.put("batch.size", 65536);
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private void produce(JsonNode cell, ObjectNode answer) throws Exception {
        String topic = cell.get("topic").asText();
        int partitions = cell.get("partitions").asInt();
        AtomicReference<Exception> failure = new AtomicReference<>();
        try (KafkaProducer<byte[], byte[]> producer =
                 producer(cell.get("codec").asText(), cell.get("acks").asText(), cell.get("idempotence").asBoolean())) {
            int count = cell.get("count").asInt();
            for (int index = 0; index < count; index++) {
                for (int partition = 0; partition < partitions; partition++) {
                    byte[] key = utf8(partition + "-" + index);
                    byte[] value = utf8(topic + ":" + partition + ":" + index + ":" + PATTERN.repeat(index % 8));
                    producer.send(new ProducerRecord<>(topic, partition, key, value), (metadata, failed) -> {
                        if (failed != null) failure.compareAndSet(null, failed);
                    });
                }
            }
            producer.flush();
        }
        if (failure.get() != null) throw failure.get();
    }

    /** Reads every record of the topic, by assignment, up to the end offsets of the moment. */
    private void readToEnd(JsonNode cell, Reader reader) {
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap, "enable.auto.commit", false, "auto.offset.reset", "none",
            "max.poll.records", 5000, "isolation.level", "read_uncommitted");
        try (KafkaConsumer<byte[], byte[]> consumer =
                 new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> assignment = new ArrayList<>();
            for (int partition = 0; partition < cell.get("partitions").asInt(); partition++) {
                assignment.add(new TopicPartition(cell.get("topic").asText(), partition));
            }
            consumer.assign(assignment);
            consumer.seekToBeginning(assignment);
            Map<TopicPartition, Long> ends = consumer.endOffsets(assignment);
            long deadline = System.nanoTime() + cell.path("timeout").asLong(120) * 1_000_000_000L;
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                if (System.nanoTime() > deadline) throw new IllegalStateException("the end was not reached: " + ends);
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) reader.read(record);
            }
        }
    }

    private static final class Digest {
        final MessageDigest sha;
        long count;
        long first = -1;
        long last = -1;
        long gaps;

        Digest() {
            try {
                sha = MessageDigest.getInstance("SHA-256");
            } catch (java.security.NoSuchAlgorithmException impossible) {
                throw new IllegalStateException(impossible);
            }
        }

        void add(ConsumerRecord<byte[], byte[]> record) {
            if (count++ == 0) first = record.offset();
            else if (record.offset() != last + 1) gaps++;
            last = record.offset();
            for (byte[] part : new byte[][] {record.key(), record.value()}) {
                sha.update(ByteBuffer.allocate(4).putInt(part.length).array());
                sha.update(part);
            }
        }
    }

    private void consume(JsonNode cell, ObjectNode answer) {
        List<Digest> digests = new ArrayList<>();
        for (int partition = 0; partition < cell.get("partitions").asInt(); partition++) digests.add(new Digest());
        readToEnd(cell, record -> digests.get(record.partition()).add(record));
        ObjectNode partitions = answer.putObject("partitions");
        for (int partition = 0; partition < digests.size(); partition++) {
            Digest digest = digests.get(partition);
            partitions.putObject(Integer.toString(partition)).put("count", digest.count)
                .put("sha", HexFormat.of().formatHex(digest.sha.digest()))
                .put("first", digest.first).put("last", digest.last).put("gaps", digest.gaps);
        }
    }

    private void writeShapes(JsonNode cell, ObjectNode answer) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer(cell.get("codec").asText(), "all", true)) {
            for (JsonNode shape : cell.get("shapes")) {
                RecordHeaders headers = new RecordHeaders();
                for (JsonNode header : shape.get("headers")) headers.add(header.get(0).asText(), decode(header.get(1)));
                producer.send(new ProducerRecord<>(cell.get("topic").asText(), 0, shape.get("timestamp").asLong(),
                    decode(shape.get("key")), decode(shape.get("value")), headers)).get();
            }
        }
    }

    private void readShapes(JsonNode cell, ObjectNode answer) {
        ArrayNode shapes = answer.putArray("shapes");
        readToEnd(cell, record -> {
            ObjectNode shape = shapes.addObject().put("timestamp", record.timestamp())
                .put("key", encode(record.key())).put("value", encode(record.value()));
            ArrayNode headers = shape.putArray("headers");
            for (Header header : record.headers()) headers.addArray().add(header.key()).add(encode(header.value()));
        });
    }

    /** For each timestamp of the job the offset that the broker finds, -1 for none. */
    private void times(JsonNode cell, ObjectNode answer) {
        TopicPartition partition = new TopicPartition(cell.get("topic").asText(), 0);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                 Map.of("bootstrap.servers", bootstrap), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            ArrayNode offsets = answer.putArray("offsets");
            for (JsonNode time : cell.get("times")) {
                OffsetAndTimestamp found = consumer.offsetsForTimes(Map.of(partition, time.asLong())).get(partition);
                offsets.add(found == null ? -1 : found.offset());
            }
        }
    }

    /** Produces until standard input ends, through whatever happens to the broker; writes "partition sequence offset" for each ack. */
    private void crash(String topic, int partitions, Path file) throws Exception {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", bootstrap);
        config.put("enable.idempotence", true);
        config.put("acks", "all");
        config.put("linger.ms", 5);
        config.put("delivery.timeout.ms", 180_000);
        config.put("request.timeout.ms", 5_000);
        config.put("max.block.ms", 180_000);
        config.put("reconnect.backoff.max.ms", 200);
        config.put("buffer.memory", 4 << 20);
        AtomicReference<Exception> failure = new AtomicReference<>();
        long sequence = 0;
        try (BufferedWriter acks = Files.newBufferedWriter(file)) {
            try (KafkaProducer<byte[], byte[]> producer =
                     new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
                while (System.in.available() == 0 && failure.get() == null) {
                    for (int partition = 0; partition < partitions; partition++) {
                        String line = partition + " " + sequence + " ";
                        byte[] value = utf8(sequence + ":" + PATTERN.repeat(4));
                        producer.send(new ProducerRecord<>(topic, partition, null, value), (metadata, failed) -> {
                            try {
                                if (failed != null) failure.compareAndSet(null, failed);
                                else acks.write(line + metadata.offset() + "\n");
                            } catch (java.io.IOException full) {
                                failure.compareAndSet(null, full);
                            }
                        });
                    }
                    sequence++;
                    if (sequence % 20 == 0) Thread.sleep(2);
                }
                producer.flush();
            }
        }
        ObjectNode answer = JSON.createObjectNode().put("sent", sequence);
        if (failure.get() != null) answer.put("error", failure.get().toString());
        System.out.println(JSON.writeValueAsString(answer));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] decode(JsonNode text) {
        return text.isNull() ? null : Base64.getDecoder().decode(text.asText());
    }

    private static String encode(byte[] bytes) {
        return bytes == null ? null : Base64.getEncoder().encodeToString(bytes);
    }
}

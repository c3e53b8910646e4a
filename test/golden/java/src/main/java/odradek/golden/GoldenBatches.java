// Record batches as Kafka's MemoryRecordsBuilder writes them, each with a plain dump of what Kafka reads out of it.
package odradek.golden;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;
import odradek.golden.MessageFiller.Mode;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.KRaftVersionRecord;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.message.SnapshotFooterRecord;
import org.apache.kafka.common.message.SnapshotHeaderRecord;
import org.apache.kafka.common.message.VotersRecord;
import org.apache.kafka.common.metadata.ConfigRecord;
import org.apache.kafka.common.metadata.FeatureLevelRecord;
import org.apache.kafka.common.metadata.PartitionRecord;
import org.apache.kafka.common.metadata.ProducerIdsRecord;
import org.apache.kafka.common.metadata.TopicRecord;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.metadata.MetadataRecordSerde;
import org.apache.kafka.server.common.ApiMessageAndVersion;

public final class GoldenBatches {
    private static final byte MAGIC = RecordBatch.MAGIC_VALUE_V2;
    private static final long TIME = 1_700_000_000_000L;
    private static final int LEADER_EPOCH = 7;
    private static final TimestampType CREATE = TimestampType.CREATE_TIME;

    private final VectorFile out;

    private GoldenBatches(VectorFile out) {
        this.out = out;
    }

    /** Argument: the folder to write into. */
    public static void main(String[] args) throws Exception {
        try (VectorFile file = new VectorFile(Path.of(args[0], "batches.bin.gz"))) {
            GoldenBatches batches = new GoldenBatches(file);
            for (CompressionType type : CompressionType.values()) batches.codec(type.name, Compression.of(type).build());
            batches.control();
            batches.metadataLog();
        }
    }

    /** What a message of the given mode carries in a field of type records. */
    static MemoryRecords records(Mode mode, Values values, boolean small) {
        if (small || mode == Mode.EMPTY) return MemoryRecords.EMPTY;
        int valueLength = mode == Mode.LONG ? 150 : mode == Mode.HUGE ? 17_000 : values.below(10);
        SimpleRecord[] records = new SimpleRecord[1 + values.below(3)];
        for (int i = 0; i < records.length; i++) {
            records[i] = new SimpleRecord(TIME + i, values.bytes(values.below(4)), Values.longBytes(valueLength));
        }
        return MemoryRecords.withRecords(values.below(1000), Compression.NONE, LEADER_EPOCH, records);
    }

    private void codec(String codec, Compression compression) throws Exception {
        add(codec + "/plain", plain(compression, CREATE, RecordBatch.NO_TIMESTAMP, 42, 3));
        add(codec + "/big", plain(compression, CREATE, RecordBatch.NO_TIMESTAMP, 1L << 40, 1000));
        add(codec + "/logAppendTime", plain(compression, TimestampType.LOG_APPEND_TIME, TIME + 5000, 0, 4));
        add(codec + "/headers", build(compression, 0, builder -> {
            builder.append(TIME, utf8("k"), utf8("v"), new Header[] {header("a", "1"), header("", ""), header("größe", "🧵")});
            builder.append(TIME + 1, utf8("k"), utf8("v"), new Header[0]);
            builder.append(TIME + 2, utf8("k"), utf8("v"), new Header[] {header("same", "1"), header("same", null)});
            Header[] many = new Header[200];
            for (int i = 0; i < many.length; i++) many[i] = header("h" + i, "x".repeat(i));
            builder.append(TIME + 3, utf8("k"), utf8("v"), many);
        }));
        add(codec + "/nulls", build(compression, 7, builder -> {
            builder.append(TIME, (byte[]) null, utf8("no key"));
            builder.append(TIME, utf8("no value"), null);
            builder.append(TIME, (byte[]) null, (byte[]) null);
        }));
        add(codec + "/empty-key", build(compression, 7, builder -> {
            builder.append(TIME, new byte[0], utf8("empty key"));
            builder.append(TIME, utf8("empty value"), new byte[0]);
            builder.append(TIME, new byte[0], new byte[0]);
        }));
        // The second sequence number is the largest there is, the third is 0 again.
        add(codec + "/idempotent", produced(compression, 4711, (short) 3, Integer.MAX_VALUE - 1, false, false));
        add(codec + "/transactional", produced(compression, 9_007_199_254_740_991L, Short.MAX_VALUE, 0, true, false));
        // As compaction leaves a batch: offsets with gaps, and the time when its tombstones may go.
        add(codec + "/gaps", build(compression, 100, builder -> {
            builder.appendWithOffset(103, TIME, utf8("a"), utf8("1"));
            builder.appendWithOffset(110, TIME + 1, utf8("b"), null);
            builder.appendWithOffset(250, TIME + 2, utf8("c"), utf8("3"));
            builder.overrideLastOffset(300);
        }));
        add(codec + "/horizon", horizon(compression));
        add(codec + "/times", build(compression, 0, builder -> {
            builder.append(TIME, utf8("k"), utf8("first"));
            builder.append(TIME - 1_000_000, utf8("k"), utf8("earlier than the first"));
            builder.append(0, utf8("k"), utf8("zero"));
            builder.append(TIME + (1L << 40), utf8("k"), utf8("far ahead"));
        }));
        add(codec + "/no-timestamp", build(compression, 0, builder -> builder.append(RecordBatch.NO_TIMESTAMP, utf8("k"), utf8("v"))));
        // Longer than a block of any codec; the middle part does not compress.
        add(codec + "/wide", build(compression, 0, builder -> {
            builder.append(TIME, utf8("k"), Values.longBytes(100_000));
            builder.append(TIME, utf8("k"), new Values("wide", 0, 0).bytes(35_000));
            builder.append(TIME, utf8("k"), Values.longBytes(40_000));
        }));
    }

    private static MemoryRecords plain(Compression compression, TimestampType type, long appendTime, long baseOffset, int count) {
        ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
        try (MemoryRecordsBuilder builder =
                 MemoryRecords.builder(buffer, MAGIC, compression, type, baseOffset, appendTime, LEADER_EPOCH)) {
            for (int i = 0; i < count; i++) {
                builder.append(TIME + i * 3L, utf8("key-" + i % 17), utf8("value " + i + " " + "abc".repeat(i % 40)));
            }
            return builder.build();
        }
    }

    private static MemoryRecords build(Compression compression, long baseOffset, Consumer<MemoryRecordsBuilder> fill) {
        ByteBuffer buffer = ByteBuffer.allocate(1 << 19);
        try (MemoryRecordsBuilder builder =
                 MemoryRecords.builder(buffer, MAGIC, compression, CREATE, baseOffset, RecordBatch.NO_TIMESTAMP, LEADER_EPOCH)) {
            fill.accept(builder);
            return builder.build();
        }
    }

    private static MemoryRecords produced(
            Compression compression, long producerId, short epoch, int sequence, boolean transactional, boolean control) {
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        try (MemoryRecordsBuilder builder = MemoryRecords.builder(buffer, MAGIC, compression, CREATE, 12,
                 RecordBatch.NO_TIMESTAMP, producerId, epoch, sequence, transactional, control, LEADER_EPOCH)) {
            for (int i = 0; i < 4; i++) builder.append(TIME + i, utf8("k" + i), utf8("v".repeat(i * 50)));
            return builder.build();
        }
    }

    private static MemoryRecords horizon(Compression compression) {
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        try (MemoryRecordsBuilder builder = new MemoryRecordsBuilder(
                 new org.apache.kafka.common.utils.internals.ByteBufferOutputStream(buffer), MAGIC, compression, CREATE, 5,
                 RecordBatch.NO_TIMESTAMP, RecordBatch.NO_PRODUCER_ID, RecordBatch.NO_PRODUCER_EPOCH, RecordBatch.NO_SEQUENCE,
                 false, false, LEADER_EPOCH, buffer.capacity(), TIME + 86_400_000L)) {
            builder.append(TIME, utf8("tombstone"), null);
            builder.append(TIME + 9, utf8("tombstone 2"), null);
            return builder.build();
        }
    }

    private void control() throws Exception {
        add("none/control-commit", MemoryRecords.withEndTransactionMarker(
            15, TIME, LEADER_EPOCH, 4711, (short) 3, new EndTransactionMarker(ControlRecordType.COMMIT, 9)));
        add("none/control-abort", MemoryRecords.withEndTransactionMarker(
            16, TIME, LEADER_EPOCH, 4711, (short) 3, new EndTransactionMarker(ControlRecordType.ABORT, 0)));
        ByteBuffer empty = ByteBuffer.allocate(DefaultRecordBatch.RECORD_BATCH_OVERHEAD);
        // Compaction keeps the header of a producer's last batch.
        DefaultRecordBatch.writeEmptyHeader(empty, MAGIC, 4711, (short) 3, 21, 500, 503, LEADER_EPOCH, CREATE, TIME, true, false);
        empty.flip();
        add("none/empty", MemoryRecords.readableRecords(empty));
    }

    /** Batches of __cluster_metadata-0 and of its snapshots. */
    private void metadataLog() throws Exception {
        Uuid directory = new Uuid(0x0123456789abcdefL, 0x7edcba9876543210L);
        Uuid topic = new Uuid(0x1111222233334444L, 0x5555666677778888L);
        // Kafka 4.4 writes version 0, without directory ids, whatever kraft.version is.
        List<LeaderChangeMessage.Voter> voters =
            List.of(new LeaderChangeMessage.Voter().setVoterId(1));
        add("metadata/leader-change", MemoryRecords.withLeaderChangeMessage(0, TIME, 1, ByteBuffer.allocate(256),
            new LeaderChangeMessage().setLeaderId(1).setVoters(voters).setGrantingVoters(voters)));
        add("metadata/snapshot-header", MemoryRecords.withSnapshotHeaderRecord(0, TIME, 1, ByteBuffer.allocate(256),
            new SnapshotHeaderRecord().setLastContainedLogTimestamp(TIME)));
        add("metadata/snapshot-footer",
            MemoryRecords.withSnapshotFooterRecord(9, TIME, 1, ByteBuffer.allocate(256), new SnapshotFooterRecord()));
        add("metadata/kraft-version", MemoryRecords.withKRaftVersionRecord(1, TIME, 1, ByteBuffer.allocate(256),
            new KRaftVersionRecord().setKRaftVersion((short) 1)));
        VotersRecord.EndpointCollection endpoints = new VotersRecord.EndpointCollection();
        endpoints.add(new VotersRecord.Endpoint().setName("CONTROLLER").setHost("127.0.0.1").setPort(9093));
        add("metadata/voters", MemoryRecords.withVotersRecord(2, TIME, 1, ByteBuffer.allocate(256), new VotersRecord().setVoters(
            List.of(new VotersRecord.Voter().setVoterId(1).setVoterDirectoryId(directory).setEndpoints(endpoints)
                .setKRaftVersionFeature(new VotersRecord.KRaftVersionFeature().setMinSupportedVersion((short) 0)
                    .setMaxSupportedVersion((short) 1))))));
        add("metadata/records", build(Compression.NONE, 3, builder -> {
            builder.append(TIME, null, framed(new FeatureLevelRecord().setName("metadata.version").setFeatureLevel((short) 33), 0));
            builder.append(TIME, null, framed(new TopicRecord().setName("topic").setTopicId(topic), 0));
            builder.append(TIME, null, framed(new PartitionRecord().setPartitionId(0).setTopicId(topic).setReplicas(List.of(1))
                .setIsr(List.of(1)).setLeader(1).setDirectories(List.of(directory)).setEligibleLeaderReplicas(List.of()), 2));
            builder.append(TIME, null, framed(new ConfigRecord().setResourceType((byte) 2).setResourceName("topic")
                .setName("retention.ms").setValue("-1"), 0));
            builder.append(TIME, null, framed(new ProducerIdsRecord().setBrokerId(1).setBrokerEpoch(8).setNextProducerId(1000), 0));
        }));
    }

    private static byte[] framed(ApiMessage message, int version) {
        ApiMessageAndVersion pair = new ApiMessageAndVersion(message, (short) version);
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(MetadataRecordSerde.INSTANCE.recordSize(pair, cache));
        MetadataRecordSerde.INSTANCE.write(pair, cache, new ByteBufferAccessor(buffer));
        return buffer.array();
    }

    private void add(String name, MemoryRecords records) throws Exception {
        ByteBuffer buffer = records.buffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        StringBuilder dump = new StringBuilder();
        for (RecordBatch batch : MemoryRecords.readableRecords(ByteBuffer.wrap(bytes)).batches()) {
            batch.ensureValid();
            for (Record record : batch) dump.append(line(record)).append('\n');
        }
        out.add(name, MAGIC, bytes);
        out.add(name + ".records", MAGIC, dump.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static String line(Record record) {
        StringBuilder headers = new StringBuilder();
        for (Header header : record.headers()) {
            if (headers.length() > 0) headers.append(',');
            headers.append('[').append('"').append(header.key()).append('"').append(',')
                .append(base64(header.value() == null ? null : ByteBuffer.wrap(header.value()))).append(']');
        }
        return "{\"offset\":" + record.offset() + ",\"timestamp\":" + record.timestamp() + ",\"key\":" + base64(record.key())
            + ",\"value\":" + base64(record.value()) + ",\"headers\":[" + headers + "]}";
    }

    private static String base64(ByteBuffer buffer) {
        if (buffer == null) return "null";
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return '"' + Base64.getEncoder().encodeToString(bytes) + '"';
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Header header(String key, String value) {
        return new RecordHeader(key, value == null ? null : utf8(value));
    }
}

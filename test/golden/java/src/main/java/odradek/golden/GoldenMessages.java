// Writes every message in every version with Kafka's generated classes. The list it must cover is messages.txt.
package odradek.golden;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import odradek.golden.MessageFiller.Mode;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;

public final class GoldenMessages {
    /**
     * The int64 fields drawn from the whole range: values that a broker carries and does not compute with. All others stay
     * within ±(2^53 - 1) or are one of the two extremes.
     */
    static final Set<String> WHOLE_RANGE = Set.of(
        "ListOffsetsRequest.timestamp", "ListOffsetsResponse.timestamp",
        "OffsetCommitRequest.committed_offset", "TxnOffsetCommitRequest.committed_offset", "OffsetFetchResponse.committed_offset",
        "OffsetCommitValue.offset", "LegacyOffsetCommitValue.offset",
        // 64-bit hashes of the subscribed topics' metadata.
        "ConsumerGroupMetadataValue.metadata_hash", "ShareGroupMetadataValue.metadata_hash", "StreamsGroupMetadataValue.metadata_hash");

    private static final String[] PACKAGES = {
        "org.apache.kafka.common.message", "org.apache.kafka.common.metadata", "org.apache.kafka.coordinator.group.generated",
        "org.apache.kafka.coordinator.transaction.generated", "org.apache.kafka.coordinator.share.generated",
        "org.apache.kafka.raft.generated", "org.apache.kafka.server.log.remote.metadata.storage.generated"
    };

    private GoldenMessages() {
    }

    /** Arguments: messages.txt, the folder to write into, the files to write. */
    public static void main(String[] args) throws Exception {
        List<String> lines = Files.readAllLines(Path.of(args[0]));
        for (String file : Arrays.copyOfRange(args, 2, args.length)) {
            int pairs = 0;
            try (VectorFile out = new VectorFile(Path.of(args[1], file + ".bin.gz"))) {
                for (String line : lines) {
                    String[] words = line.split(" ");
                    if (words[0].equals(file)) pairs += writeMessage(out, words[1], words[2]);
                }
                if (pairs == 0) throw new IllegalStateException("messages.txt lists nothing for " + file);
                System.out.printf("%s: %d message versions%n", file, pairs);
            }
        }
    }

    private static int writeMessage(VectorFile out, String name, String versions) throws Exception {
        Class<? extends Message> type = classOf(name);
        Message empty = type.getDeclaredConstructor().newInstance();
        int low = empty.lowestSupportedVersion();
        int high = empty.highestSupportedVersion();
        if (!versions.equals(low + "-" + high)) {
            throw new IllegalStateException(name + ": versions " + low + "-" + high + ", messages.txt says " + versions);
        }
        Schema[] schemas = (Schema[]) type.getField("SCHEMAS").get(null);
        for (int version = low; version <= high; version++) {
            int sample = 0;
            byte[] previous = null;
            for (Mode mode : modesOf(version, high, schemas[version])) {
                Message message = type.getDeclaredConstructor().newInstance();
                Values values = new Values(name, version, sample++);
                new MessageFiller(name, mode, values, WHOLE_RANGE).fill(message, schemas[version]);
                byte[] bytes = write(message, (short) version);
                verify(type, name, bytes, (short) version);
                if (!Arrays.equals(bytes, previous)) out.add(name, version, bytes);
                previous = bytes;
            }
        }
        return high - low + 1;
    }

    private static List<Mode> modesOf(int version, int highest, Schema schema) {
        List<Mode> modes = new ArrayList<>(List.of(Mode.DEFAULTS, Mode.RANDOM, Mode.RANDOM, Mode.NULLS, Mode.EMPTY, Mode.EXTREMES));
        boolean flexible = false;
        for (BoundField bound : schema.fields()) flexible |= bound.def.type instanceof TaggedFields;
        if (flexible) modes.add(Mode.UNKNOWN_TAGS);
        modes.add(Mode.LONG);
        if (version == highest) modes.add(Mode.HUGE);
        return modes;
    }

    private static byte[] write(Message message, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(buffer), cache, version);
        if (buffer.hasRemaining()) throw new IllegalStateException("size is wrong: " + message);
        return buffer.array();
    }

    /** Kafka itself must read what it wrote and write it again, else the vector would ask for too much. */
    private static void verify(Class<? extends Message> type, String name, byte[] bytes, short version) throws Exception {
        Message again = type.getDeclaredConstructor().newInstance();
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        again.read(new ByteBufferAccessor(buffer), version);
        if (buffer.hasRemaining() || !Arrays.equals(bytes, write(again, version))) {
            throw new IllegalStateException(name + " v" + version + " does not survive a round trip");
        }
    }

    private static Class<? extends Message> classOf(String name) throws ClassNotFoundException {
        for (String folder : PACKAGES) {
            for (String suffix : new String[] {"Data", ""}) {
                try {
                    return Class.forName(folder + '.' + name + suffix).asSubclass(Message.class);
                } catch (ClassNotFoundException absent) {
                    // The next candidate.
                }
            }
        }
        throw new ClassNotFoundException(name);
    }
}

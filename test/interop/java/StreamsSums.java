// A Kafka Streams application, exactly once: StreamsSums BOOTSTRAP APPLICATION INPUT OUTPUT FOLDER. Reads values "number:anything", gives
// each a key by its number, and so sends it through a repartition topic; a store on the disk holds count and sum of each key, a store in
// memory the count of another. Every update goes to OUTPUT: key "sum-K" with "count:sum", key "count-K" with "count". Ends in order by
// SIGTERM, and when standard input does.

import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.state.Stores;

public final class StreamsSums {
    private static final int SUMS = 13;
    private static final int COUNTS = 5;

    public static void main(String[] args) throws Exception {
        Properties config = new Properties();
        config.putAll(Map.of(
            "bootstrap.servers", args[0], "application.id", args[1], "state.dir", args[4], "processing.guarantee", "exactly_once_v2",
            "replication.factor", 1, "commit.interval.ms", 100, "statestore.cache.max.bytes", 0, "num.stream.threads", 1,
            "default.key.serde", Serdes.StringSerde.class.getName(), "default.value.serde", Serdes.StringSerde.class.getName()));
        config.putAll(Map.of(
            "main.consumer.auto.offset.reset", "earliest", "consumer.session.timeout.ms", 6000, "consumer.heartbeat.interval.ms", 1000,
            "reconnect.backoff.max.ms", 200, "repartition.purge.interval.ms", 2000));
        KafkaStreams streams = new KafkaStreams(topology(args[2], args[3]).build(), config);
        streams.setUncaughtExceptionHandler(failed -> StreamThreadExceptionResponse.REPLACE_THREAD);
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
        while (System.in.read() >= 0) continue;
        System.exit(0);
    }

    private static StreamsBuilder topology(String input, String output) {
        StreamsBuilder builder = new StreamsBuilder();
        KStream<String, String> numbers = builder.stream(input);
        numbers.mapValues(value -> value.substring(0, value.indexOf(':')))
            .selectKey((key, number) -> "sum-" + Long.parseLong(number) % SUMS)
            .groupByKey()
            .aggregate(() -> "0:0", (key, number, before) -> {
                int colon = before.indexOf(':');
                long count = Long.parseLong(before.substring(0, colon)) + 1;
                return count + ":" + (Long.parseLong(before.substring(colon + 1)) + Long.parseLong(number));
            }, Materialized.as(Stores.persistentKeyValueStore("sums")))
            .toStream().to(output);
        numbers.selectKey((key, value) -> "count-" + Long.parseLong(value.substring(0, value.indexOf(':'))) % COUNTS)
            .groupByKey()
            .aggregate(() -> "0", (key, value, before) -> "" + (Long.parseLong(before) + 1),
                Materialized.as(Stores.inMemoryKeyValueStore("counts")))
            .toStream().to(output);
        return builder;
    }
}

// Seeded primitive values: the same seed gives the same values on every machine.
package odradek.golden;

import java.nio.charset.StandardCharsets;

final class Values {
    /** The largest integer that a JavaScript number and its neighbours hold exactly. */
    static final long SAFE = (1L << 53) - 1;

    // Words first, then what text handling gets wrong: accents, three and four byte characters, a byte order mark, NUL.
    private static final String[] WORDS = {
        "topic", "group-1", "client.id", "rack", "127.0.0.1", "a", "__consumer_offsets", "range", "broker", "x-y_z",
        "größe", "日本語", "🧵 spool", "\uFEFFbom", "nul\u0000inside", "line\nbreak", "\"quoted\\\""
    };

    private long state;

    Values(String name, int version, int sample) {
        // FNV-1a of the text, then version and sample, so that a new message does not change the others.
        long hash = 0xcbf29ce484222325L;
        for (byte b : (name + '/' + version + '/' + sample).getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
        }
        state = hash;
    }

    /** SplitMix64. */
    long bits() {
        long z = state += 0x9e3779b97f4a7c15L;
        z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }

    int below(int bound) {
        return (int) Long.remainderUnsigned(bits(), bound);
    }

    boolean chance(int percent) {
        return below(100) < percent;
    }

    /** An integer of at most the given number of bits, of any magnitude: small ones are as likely as large ones. */
    long signed(int width) {
        long value = bits() >> 64 - width;
        return value >> below(width);
    }

    /** An int64 that a JavaScript number holds; see GoldenMessages.WHOLE_RANGE for those that may be any. */
    long safeLong() {
        return Math.max(-SAFE, signed(54));
    }

    String text() {
        String word = WORDS[below(WORDS.length)];
        return chance(30) ? word + below(1000) : word;
    }

    byte[] bytes(int length) {
        byte[] result = new byte[length];
        for (int i = 0; i < length; i++) result[i] = (byte) bits();
        return result;
    }

    /** Long but of little entropy, so that the vectors stay small. */
    static String longText(int utf8Length) {
        return "0123456789abcdef".repeat(utf8Length / 16 + 1).substring(0, utf8Length);
    }

    static byte[] longBytes(int length) {
        byte[] result = new byte[length];
        for (int i = 0; i < length; i++) result[i] = (byte) (i * 7);
        return result;
    }
}

// Fills a generated message by reflection, guided by the schema of one version, which the message class itself carries:
// only fields of that version are set, null only where that version allows it.
package odradek.golden;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;

final class MessageFiller {
    enum Mode {
        /** As the constructor leaves it. */
        DEFAULTS,
        /** Random values, tagged fields set. */
        RANDOM,
        /** Null wherever the version allows it. */
        NULLS,
        /** Empty strings, bytes and arrays. */
        EMPTY,
        /** Smallest and largest integers, in turn. */
        EXTREMES,
        /** Random, and tagged fields that no schema knows. */
        UNKNOWN_TAGS,
        /** Lengths over 127: two bytes as a varint. */
        LONG,
        /** Lengths over 16383: three bytes as a varint, one each of string, bytes and array. */
        HUGE
    }

    private static final int FIRST_UNKNOWN_TAG = 30;
    private static final Map<Class<?>, Map<String, Method>> SETTERS = new HashMap<>();

    private final String message;
    private final Mode mode;
    private final Values values;
    private final Set<String> wholeRange;
    private boolean hugeText;
    private boolean hugeBytes;
    private boolean hugeArray;
    private int turn;

    MessageFiller(String message, Mode mode, Values values, Set<String> wholeRange) {
        this.message = message;
        this.mode = mode;
        this.values = values;
        this.wholeRange = wholeRange;
    }

    void fill(Message target, Schema schema) throws ReflectiveOperationException {
        if (mode != Mode.DEFAULTS) fill(target, schema, 0, false);
    }

    private void fill(Message target, Schema schema, int depth, boolean small) throws ReflectiveOperationException {
        boolean flexible = false;
        for (BoundField bound : schema.fields()) {
            if (bound.def.type instanceof TaggedFields tagged) {
                flexible = true;
                for (Map.Entry<Integer, org.apache.kafka.common.protocol.types.Field> entry : fieldsOf(tagged).entrySet()) {
                    set(target, entry.getValue().name, entry.getValue().type, depth, small);
                }
            } else {
                set(target, bound.def.name, bound.def.type, depth, small);
            }
        }
        if (flexible && mode == Mode.UNKNOWN_TAGS && (depth == 0 || values.chance(50))) {
            addUnknownTags(target.unknownTaggedFields());
        }
    }

    /** Above the tags of every version: Kafka refuses a tag that it knows in a version that does not have it. */
    private void addUnknownTags(List<RawTaggedField> fields) {
        int tag = FIRST_UNKNOWN_TAG + values.below(3);
        int count = 1 + values.below(3);
        for (int i = 0; i < count; i++) {
            fields.add(new RawTaggedField(tag, values.bytes(i == 1 ? 0 : values.below(20))));
            tag += i == 0 ? 1 + values.below(120) : 1 + values.below(100_000);
        }
    }

    private void set(Message target, String snakeName, org.apache.kafka.common.protocol.types.Type type, int depth, boolean small)
            throws ReflectiveOperationException {
        Method setter = settersOf(target.getClass()).get(snakeName.replace("_", "").toLowerCase(Locale.ROOT));
        if (setter == null) throw new IllegalStateException(target.getClass() + " has no setter for " + snakeName);
        Class<?> parameter = setter.getParameterTypes()[0];
        boolean isNull = type.isNullable() && (mode == Mode.NULLS || mode != Mode.EMPTY && !small && values.chance(20));
        if (isNull && mode != Mode.LONG && mode != Mode.HUGE) {
            setter.invoke(target, (Object) null);
        } else if (type.isArray()) {
            setter.invoke(target, array(setter, type.arrayElementType().orElseThrow(), snakeName, depth, small));
        } else if (type instanceof Schema schema) {
            Message element = (Message) parameter.getDeclaredConstructor().newInstance();
            if (mode != Mode.EMPTY) fill(element, schema, depth + 1, small);
            setter.invoke(target, element);
        } else {
            setter.invoke(target, scalar(type, parameter, snakeName, small));
        }
    }

    @SuppressWarnings("unchecked")
    private Object array(Method setter, org.apache.kafka.common.protocol.types.Type elementType, String name, int depth, boolean small)
            throws ReflectiveOperationException {
        Class<?> collection = setter.getParameterTypes()[0];
        Class<?> element = elementClass(setter);
        Collection<Object> result =
            collection == List.class ? new ArrayList<>() : (Collection<Object>) collection.getDeclaredConstructor().newInstance();
        boolean leaf = !(elementType instanceof Schema schema) || !holdsArrayOfStructs(schema);
        int length;
        boolean smallElements = small;
        switch (mode) {
            case EMPTY -> length = 0;
            case NULLS, EXTREMES -> length = 1;
            case LONG -> {
                length = small ? 0 : leaf ? 128 + values.below(40) : 1;
                smallElements = small || leaf;
            }
            case HUGE -> {
                // Kafka's hash collections take quadratic time with thousands of similar keys.
                length = small ? 0 : leaf && !hugeArray && collection == List.class ? 16_384 + values.below(3) : 1;
                hugeArray |= length > 1;
                smallElements = length > 1;
            }
            default -> length = depth > 2 ? values.below(2) : 1 + values.below(2);
        }
        if (mode == Mode.RANDOM && values.chance(10)) length = 0;
        for (int i = 0; i < length; i++) {
            if (elementType instanceof Schema schema) {
                Message item = (Message) element.getDeclaredConstructor().newInstance();
                fill(item, schema, depth + 1, smallElements);
                result.add(item);
            } else if (elementType.isArray()) {
                throw new IllegalStateException("array of arrays: " + message + '.' + name);
            } else {
                result.add(scalar(elementType, element, name, smallElements));
            }
        }
        return result;
    }

    private Object scalar(org.apache.kafka.common.protocol.types.Type type, Class<?> java, String name, boolean small) {
        if (java == String.class) return text(small);
        if (java == byte[].class) return bytes(small);
        if (java == ByteBuffer.class) return ByteBuffer.wrap(bytes(small));
        if (java == Uuid.class) return uuid(small);
        if (java == boolean.class || java == Boolean.class) return small || mode == Mode.EXTREMES ? turn++ % 2 == 0 : values.chance(50);
        if (java == double.class || java == Double.class) return real(small);
        if (java.getSimpleName().equals("BaseRecords")) return GoldenBatches.records(mode, values, small);
        long number = integer(type, name, small);
        if (java == byte.class || java == Byte.class) return (byte) number;
        if (java == short.class || java == Short.class) return (short) number;
        if (java == int.class || java == Integer.class) return (int) number;
        if (java == long.class || java == Long.class) return number;
        throw new IllegalStateException(message + '.' + name + ": " + java);
    }

    private String text(boolean small) {
        // Distinct, as they may be keys of a hash table, but with a period that gzip sees.
        if (small) return Integer.toString(turn++ % 500);
        return switch (mode) {
            case EMPTY -> "";
            case LONG -> Values.longText(126 + values.below(200)) + (values.chance(50) ? "é" : "");
            case HUGE -> {
                if (hugeText) yield values.text();
                hugeText = true;
                yield Values.longText(16_383 + values.below(3));
            }
            default -> values.chance(5) ? "" : values.text();
        };
    }

    private byte[] bytes(boolean small) {
        if (small) return new byte[0];
        return switch (mode) {
            case EMPTY -> new byte[0];
            case LONG -> Values.longBytes(126 + values.below(200));
            case HUGE -> {
                if (hugeBytes) yield values.bytes(3);
                hugeBytes = true;
                yield Values.longBytes(16_383 + values.below(3));
            }
            default -> values.bytes(values.below(12));
        };
    }

    private Uuid uuid(boolean small) {
        if (small || mode == Mode.EMPTY) return Uuid.ZERO_UUID;
        if (mode == Mode.EXTREMES) return turn++ % 2 == 0 ? new Uuid(-1L, -1L) : new Uuid(Long.MIN_VALUE, Long.MAX_VALUE);
        return new Uuid(values.bits(), values.bits());
    }

    private double real(boolean small) {
        double[] edges = {Double.MAX_VALUE, -0.0, Double.MIN_VALUE, Double.NEGATIVE_INFINITY, 0.1};
        if (small) return 0;
        return mode == Mode.EXTREMES ? edges[turn++ % edges.length] : values.safeLong() / 1024.0;
    }

    private long integer(org.apache.kafka.common.protocol.types.Type type, String name, boolean small) {
        if (small) return turn++ % 100;
        boolean unsigned = type == org.apache.kafka.common.protocol.types.Type.UINT16
            || type == org.apache.kafka.common.protocol.types.Type.UNSIGNED_INT32;
        int width = widthOf(type);
        if (mode == Mode.EXTREMES) {
            if (unsigned) return turn++ % 2 == 0 ? (1L << width) - 1 : 0;
            return turn++ % 2 == 0 ? Long.MAX_VALUE >> 64 - width : Long.MIN_VALUE >> 64 - width;
        }
        if (unsigned) return values.bits() >>> 64 - width >>> values.below(width);
        if (width < 64) return values.signed(width);
        if (wholeRange.contains(message + '.' + name)) return values.signed(64);
        if (values.chance(4)) return values.chance(50) ? Long.MIN_VALUE : Long.MAX_VALUE;
        return values.safeLong();
    }

    private static int widthOf(org.apache.kafka.common.protocol.types.Type type) {
        if (type == org.apache.kafka.common.protocol.types.Type.INT8) return 8;
        if (type == org.apache.kafka.common.protocol.types.Type.INT16 || type == org.apache.kafka.common.protocol.types.Type.UINT16) return 16;
        if (type == org.apache.kafka.common.protocol.types.Type.INT32
            || type == org.apache.kafka.common.protocol.types.Type.UNSIGNED_INT32) return 32;
        if (type == org.apache.kafka.common.protocol.types.Type.INT64) return 64;
        throw new IllegalStateException("not an integer: " + type);
    }

    private static boolean holdsArrayOfStructs(Schema schema) {
        for (BoundField bound : schema.fields()) {
            if (bound.def.type.isArray() && bound.def.type.arrayElementType().orElseThrow() instanceof Schema) return true;
        }
        return false;
    }

    private static Class<?> elementClass(Method setter) {
        Class<?> collection = setter.getParameterTypes()[0];
        Type generic = collection == List.class ? setter.getGenericParameterTypes()[0] : collection.getGenericSuperclass();
        return (Class<?>) ((ParameterizedType) generic).getActualTypeArguments()[0];
    }

    private static Map<String, Method> settersOf(Class<?> type) {
        return SETTERS.computeIfAbsent(type, key -> {
            Map<String, Method> result = new HashMap<>();
            for (Method method : key.getMethods()) {
                if (!method.getName().startsWith("set") || method.getParameterCount() != 1 || method.getReturnType() != key) continue;
                Method before = result.put(method.getName().substring(3).toLowerCase(Locale.ROOT), method);
                if (before != null) throw new IllegalStateException("two setters: " + method);
            }
            return result;
        });
    }

    /** 3.9 has no accessor for the fields of a tagged section. */
    @SuppressWarnings("unchecked")
    private static Map<Integer, org.apache.kafka.common.protocol.types.Field> fieldsOf(TaggedFields tagged)
            throws ReflectiveOperationException {
        Field fields = TaggedFields.class.getDeclaredField("fields");
        fields.setAccessible(true);
        return new TreeMap<>((Map<Integer, org.apache.kafka.common.protocol.types.Field>) fields.get(tagged));
    }
}

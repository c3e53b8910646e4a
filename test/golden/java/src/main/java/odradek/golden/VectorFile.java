// The framing of a vector file: [u16 nameLength][name utf8][i16 version][u32 length][bytes] repeated, gzip with no time stamp.
package odradek.golden;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

final class VectorFile implements AutoCloseable {
    private final Path path;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream out = new DataOutputStream(bytes);
    private int entries;

    VectorFile(Path path) {
        this.path = path;
    }

    void add(String name, int version, byte[] body) throws IOException {
        byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
        out.writeShort(utf8.length);
        out.write(utf8);
        out.writeShort(version);
        out.writeInt(body.length);
        out.write(body);
        entries++;
    }

    int entries() {
        return entries;
    }

    @Override
    public void close() throws IOException {
        ByteArrayOutputStream zipped = new ByteArrayOutputStream();
        // The JDK writes a modification time of zero.
        try (GZIPOutputStream gzip = new GZIPOutputStream(zipped) {
            {
                def.setLevel(Deflater.BEST_COMPRESSION);
            }
        }) {
            bytes.writeTo(gzip);
        }
        Files.write(path, zipped.toByteArray());
        System.out.printf("%s: %d entries, %d bytes (%d compressed)%n", path.getFileName(), entries, bytes.size(), zipped.size());
    }
}

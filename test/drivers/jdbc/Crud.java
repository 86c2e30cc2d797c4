import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Array;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postgresql.PGConnection;
import org.postgresql.util.PGobject;

/** JDBC: statements prepared on the server after some uses, binary transfer, cursors by fetch size, batches, updatable results. */
public final class Crud {
    private record Parameter(String type, String value) {}

    private record Step(String name, String sql, List<Parameter> parameters) {}

    private interface Work {
        Object run() throws Exception;
    }

    private static Connection connection;
    private static Connection owner;

    public static void main(String[] arguments) throws Exception {
        // The directory of the suite, the connection's options, and the way in which queries are sent.
        List<Step> steps = steps(Path.of(arguments[0]));
        String mode = arguments[2];
        connection = connect(arguments[1], System.getenv("PGUSER"), "&preferQueryMode=" + mode);
        owner = connect(arguments[1], "driver_owner", "");
        for (Step step : steps) suiteStep(step);
        batches();
        results();
        cursors();
        copies();
        metadata();
        attempt("state", () -> query("SELECT * FROM person ORDER BY id"));
        connection.close();
        owner.close();
    }

    private static Connection connect(String options, String user, String more) throws SQLException {
        String url = "jdbc:postgresql://127.0.0.1:" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE") + "?options="
            + java.net.URLEncoder.encode(options, StandardCharsets.UTF_8).replace("+", "%20") + more;
        return DriverManager.getConnection(url, user, System.getenv("DRIVER_PASSWORD"));
    }

    private static List<Step> steps(Path directory) throws Exception {
        List<Step> steps = new ArrayList<>();
        for (String line : Files.readAllLines(directory.resolve("suite.txt"))) {
            if (line.startsWith("\t")) {
                String[] parts = line.substring(1).split(" ", 2);
                String value = parts.length == 1 || parts[1].isEmpty() ? null : parts[1].equals("\\e") ? "" : parts[1];
                steps.get(steps.size() - 1).parameters().add(new Parameter(parts[0], value));
            } else if (!line.isEmpty() && !line.startsWith("#")) {
                String[] parts = line.split(": ", 2);
                steps.add(new Step(parts[0], parts[1], new ArrayList<>()));
            }
        }
        return steps;
    }

    // ---- The common suite -----------------------------------------------------------------------------------------

    private static void suiteStep(Step step) throws Exception {
        List<Parameter> used = new ArrayList<>();
        Matcher marks = Pattern.compile("\\$(\\d+)").matcher(step.sql());
        while (marks.find()) used.add(step.parameters().get(Integer.parseInt(marks.group(1)) - 1));
        String sql = step.sql().replaceAll("\\$\\d+", "?");
        boolean reads = sql.matches("(SELECT|WITH).*") && !sql.matches(".*(INSERT|UPDATE).*");
        List<String> outcomes = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int time = 1; time <= (reads ? 9 : 1); time++) {
                if (time == 9) {
                    try (Statement alter = owner.createStatement()) {
                        alter.execute("ALTER TABLE person ALTER id SET STATISTICS 100");
                    }
                }
                outcomes.add(outcome(() -> {
                    for (int i = 0; i < used.size(); i++) bind(statement, i + 1, used.get(i));
                    return statement.execute() ? told(statement.getResultSet()) : statement.getUpdateCount();
                }));
            }
            boolean same = outcomes.stream().allMatch(outcomes.get(0)::equals);
            tell(step.name(), same ? outcomes.get(0) : outcomes.get(0) + " " + outcomes);
            // A statement whose types cannot be inferred is refused here as well.
            if (reads) attempt(step.name() + ", parameters", () -> parameters(statement.getParameterMetaData()));
        }
    }

    private static void bind(PreparedStatement statement, int number, Parameter parameter) throws SQLException {
        String value = parameter.value();
        switch (parameter.type()) {
            case "int" -> statement.setObject(number, value == null ? null : Integer.valueOf(value), Types.INTEGER);
            case "float" -> statement.setObject(number, value == null ? null : Double.valueOf(value), Types.DOUBLE);
            case "numeric" -> statement.setBigDecimal(number, value == null ? null : new BigDecimal(value));
            case "date" -> statement.setObject(number, value == null ? null : LocalDate.parse(value), Types.DATE);
            case "json" -> {
                PGobject json = new PGobject();
                json.setType("jsonb");
                json.setValue(value);
                statement.setObject(number, json);
            }
            case "text[]" -> statement.setArray(number, connection.createArrayOf("text", value.split("\\|")));
            default -> statement.setString(number, value);
        }
    }

    private static Object parameters(ParameterMetaData meta) throws SQLException {
        List<String> types = new ArrayList<>();
        for (int i = 1; i <= meta.getParameterCount(); i++) types.add(meta.getParameterTypeName(i) + " " + meta.getParameterClassName(i));
        return types;
    }

    // ---- What only this driver has --------------------------------------------------------------------------------

    private static void batches() throws Exception {
        attempt("batch", () -> {
            try (PreparedStatement insert = connection.prepareStatement("INSERT INTO person (id, email, name, born, salary) VALUES (?, ?, ?, ?, ?)")) {
                for (int i = 0; i < 20; i++) {
                    insert.setInt(1, 300 + i);
                    insert.setString(2, "batch" + i);
                    insert.setString(3, i % 2 == 0 ? null : "name");
                    insert.setObject(4, LocalDate.of(2000, 1, 1).plusDays(i));
                    insert.setBigDecimal(5, new BigDecimal(i).movePointLeft(2));
                    insert.addBatch();
                }
                return Arrays.toString(insert.executeBatch());
            }
        });
        attempt("generated keys", () -> {
            try (PreparedStatement insert = connection.prepareStatement(
                    "INSERT INTO person (id, email, born) VALUES (400, 'keys', '2001-01-01')", new String[] {"email", "born"})) {
                insert.executeUpdate();
                return told(insert.getGeneratedKeys());
            }
        });
        attempt("several statements", () -> {
            try (Statement statement = connection.createStatement()) {
                List<Object> all = new ArrayList<>();
                boolean rows = statement.execute("UPDATE person SET name = 'multi' WHERE id = 400; SELECT name, born FROM person WHERE id = 400");
                while (rows || statement.getUpdateCount() >= 0) {
                    all.add(rows ? told(statement.getResultSet()) : statement.getUpdateCount());
                    rows = statement.getMoreResults();
                }
                return all;
            }
        });
    }

    private static void results() throws Exception {
        attempt("typed getters", () -> {
            try (PreparedStatement select = connection.prepareStatement("SELECT email, born, salary, extra FROM person WHERE id = 1")) {
                Object last = null;
                for (int i = 0; i < 7; i++) {
                    ResultSet row = select.executeQuery();
                    row.next();
                    last = List.of(row.getString(1), row.getObject(2, LocalDate.class), row.getDate(2), row.getBigDecimal(3), row.getDouble(3),
                        row.getString(3), row.getObject(4).getClass(), row.getString(4), row.getBytes(1).length);
                }
                return last;
            }
        });
        attempt("updatable result", () -> {
            try (Statement statement = connection.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE)) {
                ResultSet rows = statement.executeQuery("SELECT id, email, name, born, salary FROM person WHERE id = 400");
                rows.next();
                rows.updateString("name", "updated");
                rows.updateBigDecimal("salary", new BigDecimal("1.23"));
                rows.updateObject("born", java.sql.Date.valueOf("1999-12-31"));
                rows.updateRow();
                rows.moveToInsertRow();
                rows.updateInt("id", 401);
                rows.updateString("email", "inserted");
                rows.insertRow();
                return query("SELECT * FROM person WHERE id IN (400, 401) ORDER BY id");
            }
        });
        attempt("an array", () -> {
            try (Statement statement = connection.createStatement()) {
                ResultSet row = statement.executeQuery("SELECT array_agg(born ORDER BY id), array_agg(salary ORDER BY id) FROM person WHERE id < 5");
                row.next();
                Array born = row.getArray(1), salary = row.getArray(2);
                return born.getBaseTypeName() + Arrays.toString((Object[]) born.getArray()) + salary.getBaseTypeName()
                    + Arrays.toString((Object[]) salary.getArray());
            }
        });
    }

    private static void cursors() throws Exception {
        connection.setAutoCommit(false);
        attempt("by fetch size", () -> {
            List<Object> all = new ArrayList<>();
            for (int time = 0; time < 7; time++) {
                try (PreparedStatement select = connection.prepareStatement("SELECT email, born, salary, extra FROM person WHERE id > ? ORDER BY email, id")) {
                    select.setFetchSize(3);
                    select.setInt(1, time);
                    all.add(told(select.executeQuery()));
                }
            }
            return all;
        });
        attempt("savepoint", () -> {
            java.sql.Savepoint savepoint = connection.setSavepoint();
            String first = outcome(() -> query("SELECT born / 0 FROM person"));
            connection.rollback(savepoint);
            return first + query("SELECT email FROM person WHERE id = 400");
        });
        attempt("refcursor", () -> {
            try (Statement statement = connection.createStatement()) {
                statement.execute("CREATE OR REPLACE FUNCTION pg_temp.people() RETURNS refcursor LANGUAGE plpgsql AS $$ DECLARE c refcursor; BEGIN "
                    + "OPEN c FOR SELECT email, born, salary FROM person WHERE id < 4 ORDER BY email; RETURN c; END $$");
            }
            try (CallableStatement call = connection.prepareCall("{? = call pg_temp.people()}")) {
                call.registerOutParameter(1, Types.REF_CURSOR);
                call.execute();
                return told((ResultSet) call.getObject(1));
            }
        });
        connection.commit();
        connection.setAutoCommit(true);
    }

    private static void copies() throws Exception {
        attempt("copy", () -> {
            var copy = connection.unwrap(PGConnection.class).getCopyAPI();
            long rows = copy.copyIn("COPY person (id, email, born) FROM STDIN", new StringReader("500\tcopied\t2000-01-01\n501\t\\N\t\\N\n"));
            StringWriter out = new StringWriter();
            copy.copyOut("COPY (SELECT email, born FROM person WHERE id >= 500 ORDER BY id) TO STDOUT (FORMAT csv)", out);
            return rows + out.toString().replace('\n', '|');
        });
    }

    private static void metadata() throws Exception {
        // The declared types differ; the driver has to bear them.
        attempt("columns", () -> {
            List<String> names = new ArrayList<>();
            ResultSet columns = connection.getMetaData().getColumns(null, connection.getSchema(), "person", null);
            while (columns.next()) names.add(columns.getString("COLUMN_NAME") + " " + columns.getString("IS_NULLABLE"));
            return names;
        });
        attempt("type info", () -> {
            int keys = 0;
            ResultSet info = connection.getMetaData().getPrimaryKeys(null, connection.getSchema(), "person");
            while (info.next()) keys++;
            return keys;
        });
    }

    // ---- Telling --------------------------------------------------------------------------------------------------

    private static Object query(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return told(statement.executeQuery(sql));
        }
    }

    /** Columns as the driver knows them, and values with their classes. */
    private static String told(ResultSet rows) throws SQLException {
        ResultSetMetaData meta = rows.getMetaData();
        StringBuilder text = new StringBuilder();
        for (int i = 1; i <= meta.getColumnCount(); i++) {
            text.append('[').append(meta.getColumnLabel(i)).append(' ').append(meta.getColumnTypeName(i)).append(' ').append(meta.getColumnType(i))
                .append(' ').append(meta.getPrecision(i)).append(',').append(meta.getScale(i)).append(' ').append(meta.getColumnDisplaySize(i))
                .append(' ').append(meta.getColumnClassName(i)).append(' ').append(meta.isNullable(i)).append(']');
        }
        while (rows.next()) {
            text.append('(');
            for (int i = 1; i <= meta.getColumnCount(); i++) {
                Object value = rows.getObject(i);
                text.append(value == null ? "null" : value.getClass().getSimpleName() + " " + value).append("; ");
            }
            text.append(')');
        }
        return text.toString();
    }

    private static String outcome(Work work) {
        try {
            return "done\t" + work.run();
        } catch (SQLException error) {
            return "failed\t" + error.getSQLState() + " " + error.getClass().getSimpleName();
        } catch (Exception error) {
            return "failed\t" + error;
        }
    }

    private static void attempt(String name, Work work) {
        tell(name, outcome(work));
    }

    private static void tell(String name, String outcome) {
        System.out.println(name + "\t" + outcome.replace('\n', '|'));
    }
}

package dev.sharedserver.lsp.mux;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.sharedserver.lsp.protocol.Json;
import dev.sharedserver.lsp.protocol.MalformedMessage;
import dev.sharedserver.lsp.protocol.Message;
import dev.sharedserver.lsp.protocol.Span;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets many clients use one server as if each had it alone. What is understood stands in the specification of LSP 3.17;
 * everything else passes, byte for byte but for the id. Used by one thread at a time.
 */
public final class Multiplexer {

    private static final int SERVER_NOT_INITIALIZED = -32002;
    private static final int INVALID_REQUEST = -32600;
    private static final int METHOD_NOT_FOUND = -32601;
    private static final int CONTENT_MODIFIED = -32801;
    private static final int REQUEST_FAILED = -32803;

    /** A request of ours to a foreign server, of which nobody else gets the answer. */
    private static final String COLUMNS = "$/sharedserver/columns";

    /** How the ids of questions begin that the interposer asks an elder. */
    private static final String OURS_BEFORE = "\"sharedserver-";

    /** Whose answers may hold edits, and with them versions. */
    private static final Set<String> ANSWERED_BY_EDITS = Set.of(
            "textDocument/rename",
            "textDocument/codeAction",
            "codeAction/resolve",
            "workspace/willCreateFiles",
            "workspace/willRenameFiles",
            "workspace/willDeleteFiles");

    /** Requests of servers that a person answers, in his time. */
    private static final Set<String> ANSWERED_BY_PEOPLE =
            Set.of("window/showMessageRequest", "workspace/applyEdit", "window/showDocument");

    /** How much is kept of what one side owes the other an answer to: a bound for those who never answer. */
    static final int MOST = 4_096;

    private final Settings settings;
    private final LongSupplier ids;
    private final Outbox outbox;
    private final Map<Integer, Client> clients = new LinkedHashMap<>();
    private final Documents documents;
    private final Progress progress = new Progress();
    private final Handshake handshake;
    private final Configuration configuration = new Configuration();
    private final Registrations registrations = new Registrations();

    /** Requests to the server without an answer, by our id. */
    private final Map<Long, Asked> asked = new LinkedHashMap<>();

    /** Requests of the server without an answer, by our id. */
    private final Map<Long, Question> questions = new LinkedHashMap<>();

    /** Requests of the elder without an answer, by its own id: of what was under way before us nothing else is known. */
    private final Map<String, Asked> elderAsked = new LinkedHashMap<>();

    /** Requests of the server that the elder works on, by the server's own id. */
    private final Map<String, Question> elderQuestions = new LinkedHashMap<>();

    /** The least of the ids that are ours, where there is an elder. */
    private long leastOurs = Long.MAX_VALUE;

    /** When the first of the questions is to be answered without its client, or earlier. */
    private long deadline = Long.MAX_VALUE;

    private long heard;
    private long revision;

    /** What a foreign server was asked to find out what it counts. */
    private @Nullable ColumnProbe probe;

    private boolean probing;

    /**
     * A client's request that the server works on; or one of our own, whose client is none.
     *
     * @param id as the client wrote it
     * @param tokens of progress, as we wrote them
     */
    private record Asked(int client, String id, String method, List<String> tokens) {}

    /**
     * A request of the server that a client works on.
     *
     * @param id as the server wrote it
     * @param settings itself, if it is about settings
     * @param deadline when it is answered without the client, in ms
     */
    private record Question(
            int client, String id, String method, @Nullable Message settings, long deadline) {

        static Question of(Client client, Message message, long deadline) {
            Message settings = message.method().equals("workspace/configuration") ? message : null;
            return new Question(client.number, message.id(), message.method(), settings, deadline);
        }
    }

    /**
     * Makes one for a server.
     *
     * @param ids gives numbers that no request to this server has had
     * @param memory what is known of the server
     */
    public Multiplexer(Settings settings, LongSupplier ids, Memory memory, Outbox outbox) {
        this.settings = settings;
        this.ids = ids;
        this.outbox = outbox;
        this.documents = new Documents(outbox);
        this.handshake = new Handshake(settings, memory);
        documents.columns(handshake.columns());
        registrations.restore(memory.registrations());
    }

    /** Puts in order what a predecessor left: what nobody has open any more, and what nobody will answer. */
    public void resume(Memory memory) {
        for (String id : memory.unanswered()) {
            fail(id, METHOD_NOT_FOUND, "the editor that was to answer is gone");
        }
        for (String uri : memory.open()) {
            documents.close(uri);
        }
        if (handshake.isDone() && !handshake.wasTold()) {
            tellInitialized();
        }
    }

    /** Returns what a successor has to know. */
    public Memory memory() {
        List<String> unanswered = new ArrayList<>();
        questions.values().forEach(question -> unanswered.add(question.id()));
        return new Memory(
                handshake.result(),
                handshake.wasTold(),
                registrations.written(),
                documents.withoutElder(),
                unanswered,
                List.copyOf(handshake.folders()));
    }

    /** Returns a number that changes whenever {@link #memory} does. */
    public long revision() {
        return revision;
    }

    /** Returns how many clients there are. */
    public int clients() {
        return clients.size();
    }

    /** Returns the URIs of the documents that are open. */
    public List<String> documents() {
        return documents.uris();
    }

    /** Returns how many requests the server has not answered. */
    public int pending() {
        return asked.size() + elderAsked.size();
    }

    /** Returns how many requests the server has not answered that are not the elder's. */
    public int pendingOfOthers() {
        return asked.size();
    }

    /** Tells whether the server has answered initialize. */
    public boolean isInitialized() {
        return handshake.isDone();
    }

    /** Initializes the server although there is no client yet; {@code rootUri} is its only workspace folder. */
    public void warmUp(String rootUri) {
        if (handshake.begin()) {
            long id = ids.getAsLong();
            asked.put(id, new Asked(0, "", "initialize", List.of()));
            outbox.toServer(handshake.ownRequest(id, rootUri));
            revision++;
        }
    }

    /** A client is there; {@code number} is more than 0 and its alone. */
    public void connected(int number) {
        clients.put(number, new Client(number));
    }

    /**
     * The server is somebody else's, who initialized it: what it knows of documents is not known here.
     *
     * @param leastOurs the least of the ids that this multiplexer is given for requests; the server and its client have so
     *     far used others
     */
    public void foreign(long leastOurs) {
        this.leastOurs = leastOurs;
        documents.foreign(0);
    }

    /**
     * The client is there that has used a {@link #foreign} server alone so far. What it asks and is asked keeps its id, so
     * that nothing of it is lost on us or on who comes after us.
     */
    public void elder(int number) {
        clients.put(number, Client.elder(number));
        documents.foreign(number);
    }

    /**
     * Asks a {@link #foreign} server what its positions count, where there is a way to; that it has agreed with its client on
     * something is not told to anybody else.
     *
     * @param type of the server
     * @param rootUri its workspace, without a slash at the end
     */
    public void askColumns(String type, String rootUri) {
        ColumnProbe asking = ColumnProbe.of(type, rootUri);
        if (asking == null) {
            return;
        }
        probe = asking;
        probing = true;
        outbox.toServer(asking.open());
        long id = ids.getAsLong();
        asked.put(id, new Asked(0, "", COLUMNS, List.of()));
        outbox.toServer(asking.ask(id));
    }

    /** Tells whether the answer to that is awaited. */
    public boolean isAskingColumns() {
        return probing;
    }

    /** Returns what positions count. */
    public Columns columns() {
        return handshake.columns();
    }

    private void columnsAnswered(Message message) throws MalformedMessage {
        ColumnProbe asking = probe;
        probing = false;
        if (asking == null) {
            return;
        }
        documents.close(asking.uri());
        Span result = message.result();
        Columns truly = result == null ? null : asking.answered(Json.parse(message.text(result)));
        if (truly != null) {
            handshake.agreed(truly);
            documents.columns(truly);
            revision++;
        }
    }

    private @Nullable Client elder() {
        for (Client client : clients.values()) {
            if (client.elder) {
                return client;
            }
        }
        return null;
    }

    private boolean isOurs(String id) {
        Long number = Values.number(id);
        return number != null && number >= leastOurs;
    }

    /** A client is gone, however. */
    public void disconnected(int number) {
        Client client = clients.remove(number);
        if (client == null) {
            return;
        }
        client.inFlight.values().forEach(id -> cancel(Long.toString(id)));
        if (client.elder) {
            elderAsked.keySet().forEach(this::cancel);
            elderAsked.clear();
            elderQuestions.values().forEach(this::giveUp);
            elderQuestions.clear();
        }
        progress.left(number);
        forgetGone();
        documents.left(client);
        for (Map.Entry<Long, Question> entry : List.copyOf(questions.entrySet())) {
            if (entry.getValue().client() == number) {
                questions.remove(entry.getKey());
                giveUp(entry.getValue());
            }
        }
        if (client.phase == Client.Phase.ANSWERED && !handshake.wasTold()) {
            tellInitialized();
        }
        revision++;
    }

    /** Keeps no more than the newest requests of clients that are gone. */
    private void forgetGone() {
        long gone = asked.values().stream().filter(this::isGone).count();
        for (Iterator<Asked> all = asked.values().iterator(); gone > MOST && all.hasNext(); ) {
            if (isGone(all.next())) {
                all.remove();
                gone--;
            }
        }
    }

    private boolean isGone(Asked request) {
        return request.client() != 0
                && !clients.containsKey(request.client())
                && !request.method().equals("initialize");
    }

    private static void forgetOldest(Map<String, ?> known) {
        if (known.size() > MOST) {
            known.remove(known.keySet().iterator().next());
        }
    }

    /** The time has come to {@code now}; returns when to be told again, in ms. */
    public long tick(long now) {
        long next = Long.MAX_VALUE;
        for (Map.Entry<Long, Question> entry : List.copyOf(questions.entrySet())) {
            Question question = entry.getValue();
            if (question.deadline() <= now) {
                questions.remove(entry.getKey());
                giveUp(question);
                revision++;
            } else {
                next = Math.min(next, question.deadline());
            }
        }
        deadline = next;
        return next;
    }

    /** Returns when {@link #tick} has something to do, in ms, or an earlier time. */
    public long deadline() {
        return deadline;
    }

    // ---- from clients ----

    /** Takes what a client says. A message that is not understood is refused; the client stays. */
    public void fromClient(int number, byte[] body, long now) {
        Client client = clients.get(number);
        if (client == null) {
            return;
        }
        client.lastHeard = ++heard;
        try {
            Message message = Message.of(body);
            switch (message.kind()) {
                case REQUEST -> request(client, message);
                case NOTIFICATION -> notification(client, message);
                case RESPONSE -> answered(client, message, now);
            }
        } catch (MalformedMessage e) {
            outbox.toClient(
                    number,
                    Json.bytes("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":"
                            + Json.quote(String.valueOf(e.getMessage())) + "}}"));
        }
    }

    private void request(Client client, Message message) throws MalformedMessage {
        String method = message.method();
        if (method.equals("initialize")) {
            initialize(client, message);
        } else if (client.phase == Client.Phase.NEW || client.phase == Client.Phase.WAITING) {
            refuse(client, message.id(), SERVER_NOT_INITIALIZED, "initialize comes first");
        } else if (method.equals("shutdown")) {
            client.phase = Client.Phase.SHUT;
            outbox.toClient(
                    client.number, Json.bytes("{\"jsonrpc\":\"2.0\",\"id\":" + message.id() + ",\"result\":null}"));
        } else if (client.phase == Client.Phase.SHUT) {
            refuse(client, message.id(), INVALID_REQUEST, "the client has said shutdown");
        } else if (documents.isStale(client, message)) {
            refuse(client, message.id(), CONTENT_MODIFIED, "another editor has changed this document");
        } else if (client.elder && !isOurs(message.id())) {
            List<String> tokens = new ArrayList<>();
            progress.kept(client, message, tokens);
            elderAsked.put(message.id(), new Asked(client.number, message.id(), method, tokens));
            forgetOldest(elderAsked); // the answer still passes, as it is
            outbox.toServer(documents.spelled(client, message).bytes());
        } else if (client.unanswered >= MOST) {
            refuse(client, message.id(), REQUEST_FAILED, "the language server has not answered " + MOST + " requests");
        } else {
            long id = ids.getAsLong();
            List<String> tokens = new ArrayList<>();
            Message renamed = progress.renamed(client, documents.spelled(client, message), tokens);
            asked.put(id, new Asked(client.number, message.id(), method, tokens));
            client.inFlight.put(message.id(), id);
            client.unanswered++;
            outbox.toServer(renamed.withId(Long.toString(id)));
        }
    }

    private void initialize(Client client, Message message) throws MalformedMessage {
        if (client.phase != Client.Phase.NEW) {
            refuse(client, message.id(), INVALID_REQUEST, "initialize comes once");
            return;
        }
        client.phase = Client.Phase.WAITING;
        client.initializeId = message.id();
        JsonObject params = message.params();
        if (params.get("capabilities") instanceof JsonObject capabilities) {
            client.capabilities = capabilities;
        }
        client.folders.addAll(Handshake.foldersOf(params));
        if (handshake.isDone()) {
            answerInitialize(client);
        } else if (handshake.begin()) {
            long id = ids.getAsLong();
            asked.put(id, new Asked(client.number, message.id(), "initialize", List.of()));
            outbox.toServer(handshake.forwarded(id, params));
            revision++;
        }
    }

    private void answerInitialize(Client client) {
        Columns columns = handshake.columns();
        boolean foreign = leastOurs != Long.MAX_VALUE;
        if (foreign && !columns.isOffered(client.capabilities)) {
            client.phase = Client.Phase.NEW;
            refuse(
                    client,
                    client.initializeId,
                    REQUEST_FAILED,
                    "this language server counts positions in " + columns.word()
                            + ", as the editor that started it has agreed with it, and this editor offers only"
                            + " others (general.positionEncodings): it needs a server of its own, which sharedserver"
                            + " lsp connect --name NAME -- COMMAND starts");
            return;
        }
        client.phase = Client.Phase.ANSWERED;
        String result = foreign ? handshake.resultFor(client.capabilities) : handshake.result();
        outbox.toClient(
                client.number,
                Json.bytes("{\"jsonrpc\":\"2.0\",\"id\":" + client.initializeId + ",\"result\":" + result + "}"));
        byte[] added = handshake.added(client.folders);
        if (added != null) {
            outbox.toServer(added);
        }
        revision++;
    }

    private void notification(Client client, Message message) throws MalformedMessage {
        String method = message.method();
        if (method.equals("exit")) {
            outbox.end(client.number, client.phase == Client.Phase.SHUT ? 0 : 1);
            return;
        }
        if (client.phase != Client.Phase.ANSWERED && client.phase != Client.Phase.READY) {
            return; // LSP 3.17, "Initialize Request": dropped, but for exit
        }
        switch (method) {
            case "initialized" -> ready(client);
            case "$/cancelRequest" -> {
                Span id = message.param("id");
                Long ours = id == null ? null : client.inFlight.get(message.text(id));
                if (ours != null) {
                    cancel(Long.toString(ours));
                } else if (client.elder) {
                    outbox.toServer(message.bytes());
                }
            }
            case "textDocument/didOpen" -> {
                documents.opened(client, message);
                revision++;
            }
            case "textDocument/didChange" -> documents.changed(client, message);
            case "textDocument/didSave", "textDocument/willSave" -> documents.saved(client, message);
            case "textDocument/didClose" -> {
                documents.closed(client, message);
                revision++;
            }
            case "workspace/didChangeWorkspaceFolders" -> {
                handshake.change(client, message.params(), clients.values(), outbox);
                revision++;
            }
            case "workspace/didChangeConfiguration" -> {
                if (configuration.isNew(message)) {
                    outbox.toServer(message.bytes());
                }
            }
            case "window/workDoneProgress/cancel" -> {
                Span token = message.param("token");
                outbox.toServer(
                        token == null
                                ? message.bytes()
                                : message.with(token, progress.ofServer(client, message.text(token))));
            }
            case "$/setTrace" -> {
                // how much the server tells is everybody's affair
            }
            default -> outbox.toServer(documents.spelled(client, message).bytes());
        }
    }

    private void ready(Client client) {
        client.phase = Client.Phase.READY;
        if (!handshake.wasTold()) {
            tellInitialized();
        }
        String all = registrations.all();
        if (all != null) {
            tell(client, "client/registerCapability", all);
        }
        for (Map.Entry<String, @Nullable Message> entry : progress.underWay().entrySet()) {
            if (client.can("window", "workDoneProgress")) {
                tell(client, "window/workDoneProgress/create", "{\"token\":" + entry.getKey() + "}");
                Message begun = entry.getValue();
                if (begun != null) {
                    outbox.toClient(client.number, begun.bytes());
                }
            }
        }
    }

    private void tellInitialized() {
        handshake.told();
        outbox.toServer(Json.bytes("{\"jsonrpc\":\"2.0\",\"method\":\"initialized\",\"params\":{}}"));
        revision++;
    }

    /** Sends a client a request whose answer nobody waits for. */
    private void tell(Client client, String method, String params) {
        long id = ids.getAsLong();
        Message message = Message.made(
                "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":" + params + "}");
        outbox.toClient(client.number, message.bytes());
    }

    private void cancel(String id) {
        outbox.toServer(
                Json.bytes("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":" + id + "}}"));
    }

    private void refuse(Client client, String id, int code, String why) {
        outbox.toClient(client.number, error(id, code, why));
    }

    private void answered(Client client, Message message, long now) throws MalformedMessage {
        Long id = Values.number(message.id());
        Question question = id == null ? null : questions.get(id);
        if (id == null || question == null || question.client() != client.number) {
            if (client.elder && !isOurs(message.id())) {
                answeredByElder(message);
            }
            return; // nobody waits for it, or not any more
        }
        questions.remove(id);
        if (question.settings() != null) {
            configuration.learn(question.settings(), message);
        }
        outbox.toServer(message.withId(question.id()));
        revision++;
    }

    /** Passes on an answer of the elder's, also to what it was asked before we came. */
    private void answeredByElder(Message message) throws MalformedMessage {
        Question question = elderQuestions.remove(message.id());
        if (question == null && message.id().startsWith(OURS_BEFORE)) {
            return; // what a predecessor asked that was killed before the answer came
        }
        if (question != null && question.settings() != null) {
            configuration.learn(question.settings(), message);
        }
        outbox.toServer(message.bytes());
    }

    // ---- from the server ----

    /** Takes what the server says. */
    public void fromServer(byte[] body, long now) throws MalformedMessage {
        Message message = Message.of(body);
        switch (message.kind()) {
            case RESPONSE -> response(message);
            case NOTIFICATION -> told(message);
            case REQUEST -> question(message, now);
        }
    }

    private void response(Message message) throws MalformedMessage {
        Long id = Values.number(message.id());
        Asked request = id == null ? null : asked.remove(id);
        if (request == null) {
            answerElder(message);
            return;
        }
        progress.forget(request.tokens());
        if (request.method().equals("initialize")) {
            initializeAnswered(request, message);
            return;
        }
        if (request.method().equals(COLUMNS)) {
            columnsAnswered(message);
            return;
        }
        Client client = clients.get(request.client());
        if (client == null) {
            return;
        }
        client.inFlight.remove(request.id(), id);
        client.unanswered--;
        outbox.toClient(
                client.number, translated(client, request.method(), message).withId(request.id()));
    }

    /** Passes on an answer to the elder, also to what it asked before we came; other ids were a predecessor's of ours. */
    private void answerElder(Message message) throws MalformedMessage {
        Client client = elder();
        if (client == null || isOurs(message.id())) {
            return;
        }
        Asked request = elderAsked.remove(message.id());
        if (request == null) {
            outbox.toClient(client.number, message.bytes());
            return;
        }
        progress.forget(request.tokens());
        outbox.toClient(
                client.number, translated(client, request.method(), message).bytes());
    }

    private Message translated(Client client, String method, Message message) throws MalformedMessage {
        Span result = ANSWERED_BY_EDITS.contains(method) && documents.hasOwnVersions(client) ? message.result() : null;
        if (result == null) {
            return message;
        }
        JsonElement tree = Json.parse(message.text(result));
        documents.translateVersions(client, tree);
        return Message.of(message.with(result, Json.text(tree)));
    }

    private void initializeAnswered(Asked request, Message message) throws MalformedMessage {
        Span result = message.result();
        if (result == null) {
            handshake.failed();
            Client client = clients.get(request.client());
            if (client != null) {
                client.phase = Client.Phase.NEW;
                outbox.toClient(client.number, message.withId(request.id()));
            }
            // who waited is refused in the same way, and may try again
            for (Client other : clients.values()) {
                if (other.phase == Client.Phase.WAITING) {
                    other.phase = Client.Phase.NEW;
                    outbox.toClient(other.number, message.withId(other.initializeId));
                }
            }
            return;
        }
        handshake.succeeded(message.text(result));
        documents.columns(handshake.columns());
        revision++;
        boolean answered = false;
        for (Client client : clients.values()) {
            if (client.phase == Client.Phase.WAITING) {
                answerInitialize(client);
                answered = true;
            }
        }
        if (!answered) {
            tellInitialized();
        }
    }

    private void told(Message message) throws MalformedMessage {
        if (probe != null) {
            String uri = message.string("uri");
            if (uri != null && Uris.same(probe.uri(), uri)) {
                return; // nobody but us knows that document
            }
        }
        switch (message.method()) {
            case "textDocument/publishDiagnostics" -> documents.published(message, listeners());
            case "$/progress" -> progressed(message);
            case "$/cancelRequest" -> {
                Span id = message.param("id");
                String written = id == null ? "" : message.text(id);
                boolean known = false;
                for (Map.Entry<Long, Question> entry : questions.entrySet()) {
                    if (id != null && entry.getValue().id().equals(written)) {
                        outbox.toClient(entry.getValue().client(), message.with(id, Long.toString(entry.getKey())));
                        known = true;
                    }
                }
                Client elder = elder();
                if (!known && elder != null) {
                    outbox.toClient(elder.number, message.bytes());
                }
            }
            default -> {
                for (Client client : listeners()) {
                    outbox.toClient(client.number, message.bytes());
                }
            }
        }
    }

    /** Returns who hears what is for all: before the answer to initialize those that wait for it, too. */
    private List<Client> listeners() {
        List<Client> listeners = new ArrayList<>();
        for (Client client : clients.values()) {
            if (client.phase != Client.Phase.NEW && client.phase != Client.Phase.SHUT) {
                listeners.add(client);
            }
        }
        return listeners;
    }

    private void progressed(Message message) throws MalformedMessage {
        Span span = message.param("token");
        if (span == null) {
            return;
        }
        String token = message.text(span);
        Progress.Token owner = progress.owner(token);
        if (owner != null) {
            outbox.toClient(owner.client(), message.with(span, owner.written()));
            return;
        }
        progress.reported(token, message);
        for (Client client : listeners()) {
            outbox.toClient(client.number, message.bytes());
        }
    }

    private void question(Message message, long now) throws MalformedMessage {
        String method = message.method();
        switch (method) {
            case "client/registerCapability" -> {
                registrations.add(message.params());
                revision++;
                broadcast(message, null);
            }
            case "client/unregisterCapability" -> {
                registrations.remove(message.params());
                revision++;
                broadcast(message, null);
            }
            case "window/workDoneProgress/create" -> {
                Span token = message.param("token");
                if (token != null) {
                    progress.created(message.text(token));
                }
                broadcast(message, "workDoneProgress");
            }
            case "workspace/workspaceFolders" -> reply(message.id(), handshake.foldersAsJson());
            case "workspace/configuration" -> {
                Client client = concerned(message.params());
                if (client == null) {
                    reply(message.id(), configuration.known(message));
                } else {
                    forward(client, message, now);
                }
            }
            case "workspace/applyEdit" -> {
                Client client = editor(message.params());
                if (client == null) {
                    reply(message.id(), NOT_APPLIED);
                } else {
                    applyEdit(client, message, now);
                }
            }
            default -> {
                if (method.startsWith("workspace/") && method.endsWith("/refresh")) {
                    broadcast(message, null);
                    return;
                }
                Client client = primary();
                if (client == null) {
                    fail(message.id(), METHOD_NOT_FOUND, "no editor is connected");
                } else {
                    forward(client, message, now);
                }
            }
        }
    }

    private static final String NOT_APPLIED = "{\"applied\":false,\"failureReason\":\"no editor is connected\"}";

    /** Answers the server at once and tells all clients, whose answers do not matter. */
    private void broadcast(Message message, @Nullable String windowCapability) {
        reply(message.id(), "null");
        for (Client client : clients.values()) {
            if (client.works() && (windowCapability == null || client.can("window", windowCapability))) {
                outbox.toClient(client.number, message.withId(Long.toString(ids.getAsLong())));
            }
        }
    }

    private void applyEdit(Client client, Message message, long now) throws MalformedMessage {
        if (!documents.hasOwnVersions(client)) {
            forward(client, message, now);
            return;
        }
        Span edit = message.param("edit");
        if (edit != null) {
            JsonElement tree = Json.parse(message.text(edit));
            documents.translateVersions(client, tree);
            message = Message.of(message.with(edit, Json.text(tree)));
        }
        forward(client, message, now);
    }

    private void forward(Client client, Message message, long now) {
        if (client.elder && !isOurs(message.id())) {
            elderQuestions.put(message.id(), Question.of(client, message, Long.MAX_VALUE));
            forgetOldest(elderQuestions); // its answer still passes
            outbox.toClient(client.number, message.bytes());
            return;
        }
        long id = ids.getAsLong();
        long until =
                ANSWERED_BY_PEOPLE.contains(message.method()) ? Long.MAX_VALUE : now + settings.answerWithinMillis();
        if (questions.size() >= MOST) {
            Question oldest = questions.remove(questions.keySet().iterator().next());
            if (oldest != null) {
                giveUp(oldest);
            }
        }
        questions.put(id, Question.of(client, message, until));
        deadline = Math.min(deadline, until);
        outbox.toClient(client.number, message.withId(Long.toString(id)));
        revision++;
    }

    /** Answers for a client that is gone or says nothing. */
    private void giveUp(Question question) {
        switch (question.method()) {
            case "workspace/applyEdit" -> reply(question.id(), NOT_APPLIED);
            case "window/showMessageRequest" -> reply(question.id(), "null");
            default -> {
                if (question.settings() != null) {
                    reply(question.id(), configuration.known(question.settings()));
                } else {
                    fail(question.id(), METHOD_NOT_FOUND, "the editor did not answer");
                }
            }
        }
    }

    /** Returns who was last heard of those who work; null if nobody does. */
    private @Nullable Client primary() {
        Client last = null;
        for (Client client : clients.values()) {
            if (client.works() && (last == null || client.lastHeard > last.lastHeard)) {
                last = client;
            }
        }
        return last;
    }

    /** Returns whom a question for settings concerns: who has the document of its scope open, else any who answers such questions. */
    private @Nullable Client concerned(JsonObject params) {
        Client other = null;
        for (Client client : clients.values()) {
            if (client.works() && client.can("workspace", "configuration")) {
                other = other == null || client.lastHeard > other.lastHeard ? client : other;
            }
        }
        if (params.get("items") instanceof JsonArray items) {
            for (JsonElement item : items) {
                if (item instanceof JsonObject object && object.get("scopeUri") instanceof JsonPrimitive uri) {
                    Document document = documents.document(uri.getAsString());
                    Client owner = document == null ? null : clients.get(document.owner());
                    if (owner != null && owner.works() && owner.can("workspace", "configuration")) {
                        return owner;
                    }
                }
            }
        }
        return other;
    }

    /** Returns who is to apply an edit: whose command is under way, else whose request, else whose document it is. */
    private @Nullable Client editor(JsonObject params) {
        Client command = null;
        Client any = null;
        List<Asked> underWay = new ArrayList<>(asked.values());
        underWay.addAll(elderAsked.values());
        for (Asked request : underWay) {
            Client client = clients.get(request.client());
            if (client != null && client.works()) {
                any = client;
                command = request.method().equals("workspace/executeCommand") ? client : command;
            }
        }
        if (command != null || any != null) {
            return command != null ? command : any;
        }
        for (String uri : Edits.uris(params.get("edit"))) {
            Document document = documents.document(uri);
            Client owner = document == null ? null : clients.get(document.owner());
            if (owner != null && owner.works()) {
                return owner;
            }
        }
        return null;
    }

    private void reply(String id, String result) {
        outbox.toServer(Json.bytes("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":" + result + "}"));
    }

    private void fail(String id, int code, String why) {
        outbox.toServer(error(id, code, why));
    }

    private static byte[] error(String id, int code, String why) {
        return Json.bytes("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"error\":{\"code\":" + code + ",\"message\":"
                + Json.quote(why) + "}}");
    }
}

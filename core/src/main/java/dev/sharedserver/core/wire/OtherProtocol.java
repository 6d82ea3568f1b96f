package dev.sharedserver.core.wire;

/** A launcher speaks a protocol that this code does not; who it is can be read all the same. */
public final class OtherProtocol extends WireException {
    private static final long serialVersionUID = 1L;

    private final int protocol;
    private final transient Sender sender;

    OtherProtocol(int protocol, Sender sender) {
        super("protocol version " + protocol + ", expected " + Request.PROTOCOL);
        this.protocol = protocol;
        this.sender = sender;
    }

    /** Returns the number of the protocol. */
    public int protocol() {
        return protocol;
    }

    /** Returns who sent the request. */
    public Sender sender() {
        return sender;
    }
}

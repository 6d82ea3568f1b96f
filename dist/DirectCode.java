import java.lang.classfile.Attributes;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.TypeKind;
import java.lang.classfile.attribute.RecordComponentInfo;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.LoadableConstantEntry;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Replaces two kinds of {@code invokedynamic} that javac emits by plain code of the same meaning: the type tests of pattern
 * switches ({@code SwitchBootstraps.typeSwitch}) and the methods of records ({@code ObjectMethods}).
 *
 * <p>The AOT cache of JDK 25 holds linked lambdas and string concatenations, but not these: each is linked anew in every
 * JVM, the first one of a kind with the whole machinery of method handles. Measured with an AOT cache, in ms: the first
 * pattern switch 3, each further one 0.5, the first {@code hashCode} of a record 14, each further method 1. As plain code
 * 0.0 each.
 */
final class DirectCode {
    private static final ClassDesc OBJECTS = ClassDesc.of("java.util.Objects");
    private static final ClassDesc BUILDER = ClassDesc.of("java.lang.StringBuilder");
    private static final MethodTypeDesc TYPE_SWITCH =
            MethodTypeDesc.of(ConstantDescs.CD_int, ConstantDescs.CD_Object, ConstantDescs.CD_int);

    private final List<List<ClassEntry>> switches = new ArrayList<>();
    private final ClassModel model;

    private DirectCode(ClassModel model) {
        this.model = model;
    }

    /** Returns the class with plain code; {@code classes} finds the classes that it mentions. */
    static byte[] of(byte[] bytes, ClassLoader classes) {
        ClassFile classFile = ClassFile.of(
                ClassFile.ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofResourceParsing(classes)));
        DirectCode code = new DirectCode(classFile.parse(bytes));
        return classFile.transformClass(code.model, new ClassTransform() {
            @Override
            public void accept(ClassBuilder builder, ClassElement element) {
                if (element instanceof MethodModel method && code.isOfRecord(method)) {
                    code.writeRecordMethod(builder, method);
                } else if (element instanceof MethodModel method) {
                    builder.transformMethod(method, MethodTransform.transformingCode(code::replaceSwitches));
                } else {
                    builder.with(element);
                }
            }

            @Override
            public void atEnd(ClassBuilder builder) {
                for (int i = 0; i < code.switches.size(); i++) {
                    code.writeSwitch(builder, i, code.switches.get(i));
                }
            }
        });
    }

    // ---- pattern switches

    private void replaceSwitches(CodeBuilder builder, CodeElement element) {
        if (element instanceof InvokeDynamicInstruction indy && bootstrap(indy).equals("typeSwitch")) {
            List<ClassEntry> types = new ArrayList<>();
            for (LoadableConstantEntry label : indy.invokedynamic().bootstrap().arguments()) {
                if (!(label instanceof ClassEntry type)) {
                    builder.with(element); // labels that are strings, numbers or enum constants
                    return;
                }
                types.add(type);
            }
            builder.invokestatic(
                    model.thisClass().asSymbol(),
                    name(switches.size()),
                    TYPE_SWITCH,
                    model.flags().has(AccessFlag.INTERFACE));
            switches.add(types);
        } else {
            builder.with(element);
        }
    }

    /** As SwitchBootstraps.typeSwitch says: -1 for null, else the first label from {@code restart} on that fits, else their number. */
    private void writeSwitch(ClassBuilder builder, int index, List<ClassEntry> types) {
        int flags = ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC | ClassFile.ACC_SYNTHETIC;
        builder.withMethodBody(name(index), TYPE_SWITCH, flags, code -> {
            Label notNull = code.newLabel();
            code.aload(0).ifnonnull(notNull).iconst_m1().ireturn().labelBinding(notNull);
            for (int i = 0; i < types.size(); i++) {
                Label next = code.newLabel();
                code.iload(1).loadConstant(i).if_icmpgt(next);
                code.aload(0).instanceOf(types.get(i)).ifeq(next);
                code.loadConstant(i).ireturn().labelBinding(next);
            }
            code.loadConstant(types.size()).ireturn();
        });
    }

    private static String name(int index) {
        return "typeSwitch$" + index;
    }

    // ---- records

    private boolean isOfRecord(MethodModel method) {
        return method.code()
                .map(code -> code.elementStream()
                        .anyMatch(e -> e instanceof InvokeDynamicInstruction indy
                                && indy.invokedynamic()
                                        .bootstrap()
                                        .bootstrapMethod()
                                        .reference()
                                        .owner()
                                        .asInternalName()
                                        .equals("java/lang/runtime/ObjectMethods")))
                .orElse(false);
    }

    private void writeRecordMethod(ClassBuilder builder, MethodModel method) {
        List<RecordComponentInfo> components =
                model.findAttribute(Attributes.record()).orElseThrow().components();
        builder.withMethodBody(
                method.methodName(), method.methodType(), method.flags().flagsMask(), code -> {
                    switch (method.methodName().stringValue()) {
                        case "equals" -> writeEquals(code, components);
                        case "hashCode" -> writeHashCode(code, components);
                        case "toString" -> writeToString(code, components);
                        default -> throw new IllegalStateException(method.methodName() + " of a record");
                    }
                });
    }

    private void writeEquals(CodeBuilder code, List<RecordComponentInfo> components) {
        ClassDesc self = model.thisClass().asSymbol();
        Label differs = code.newLabel();
        code.aload(1).instanceOf(self).ifeq(differs);
        for (RecordComponentInfo component : components) {
            ClassDesc type = component.descriptorSymbol();
            code.aload(0).getfield(self, component.name().stringValue(), type);
            code.aload(1).checkcast(self).getfield(self, component.name().stringValue(), type);
            if (type.isPrimitive()) {
                code.invokestatic(box(type), "compare", MethodTypeDesc.of(ConstantDescs.CD_int, type, type))
                        .ifne(differs);
            } else {
                code.invokestatic(
                                OBJECTS,
                                "equals",
                                MethodTypeDesc.of(
                                        ConstantDescs.CD_boolean, ConstantDescs.CD_Object, ConstantDescs.CD_Object))
                        .ifeq(differs);
            }
        }
        code.iconst_1().ireturn().labelBinding(differs).iconst_0().ireturn();
    }

    private void writeHashCode(CodeBuilder code, List<RecordComponentInfo> components) {
        ClassDesc self = model.thisClass().asSymbol();
        code.iconst_0();
        for (RecordComponentInfo component : components) {
            ClassDesc type = component.descriptorSymbol();
            code.bipush(31).imul().aload(0).getfield(self, component.name().stringValue(), type);
            if (type.isPrimitive()) {
                code.invokestatic(box(type), "hashCode", MethodTypeDesc.of(ConstantDescs.CD_int, type));
            } else {
                code.invokestatic(
                        OBJECTS, "hashCode", MethodTypeDesc.of(ConstantDescs.CD_int, ConstantDescs.CD_Object));
            }
            code.iadd();
        }
        code.ireturn();
    }

    private void writeToString(CodeBuilder code, List<RecordComponentInfo> components) {
        ClassDesc self = model.thisClass().asSymbol();
        code.new_(BUILDER).dup().invokespecial(BUILDER, "<init>", ConstantDescs.MTD_void);
        // as Class.getSimpleName: Outer$Inner and, in a method, Outer$1Inner are Inner
        String before = self.displayName().replaceFirst("^.*\\$[0-9]*", "") + "[";
        for (RecordComponentInfo component : components) {
            ClassDesc type = component.descriptorSymbol();
            append(code.loadConstant(before + component.name().stringValue() + "="), ConstantDescs.CD_String);
            append(code.aload(0).getfield(self, component.name().stringValue(), type), appendable(type));
            before = ", ";
        }
        append(code.loadConstant(components.isEmpty() ? before + "]" : "]"), ConstantDescs.CD_String);
        code.invokevirtual(BUILDER, "toString", MethodTypeDesc.of(ConstantDescs.CD_String))
                .areturn();
    }

    private static void append(CodeBuilder code, ClassDesc type) {
        code.invokevirtual(BUILDER, "append", MethodTypeDesc.of(BUILDER, type));
    }

    private static ClassDesc appendable(ClassDesc type) {
        if (!type.isPrimitive()) {
            return ConstantDescs.CD_Object;
        }
        return type.equals(ConstantDescs.CD_byte) || type.equals(ConstantDescs.CD_short) ? ConstantDescs.CD_int : type;
    }

    private static ClassDesc box(ClassDesc primitive) {
        return switch (TypeKind.from(primitive)) {
            case BOOLEAN -> ConstantDescs.CD_Boolean;
            case BYTE -> ConstantDescs.CD_Byte;
            case CHAR -> ConstantDescs.CD_Character;
            case SHORT -> ConstantDescs.CD_Short;
            case INT -> ConstantDescs.CD_Integer;
            case LONG -> ConstantDescs.CD_Long;
            case FLOAT -> ConstantDescs.CD_Float;
            case DOUBLE -> ConstantDescs.CD_Double;
            case REFERENCE, VOID -> throw new IllegalArgumentException(Objects.toString(primitive));
        };
    }

    private static String bootstrap(InvokeDynamicInstruction indy) {
        return indy.invokedynamic()
                .bootstrap()
                .bootstrapMethod()
                .reference()
                .name()
                .stringValue();
    }
}

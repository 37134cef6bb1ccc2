// Prints the attributes of a JVM's beans of one domain, one a line:
// bean <TAB> attribute <TAB> class of the value <TAB> value
//   java JmxDump.java PORT DOMAIN

import java.util.TreeSet;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

public class JmxDump {
    public static void main(String[] arguments) throws Exception {
        JMXServiceURL url = new JMXServiceURL(
            "service:jmx:rmi:///jndi/rmi://127.0.0.1:" + arguments[0] + "/jmxrmi");
        try (JMXConnector connector = JMXConnectorFactory.connect(url)) {
            MBeanServerConnection server = connector.getMBeanServerConnection();
            ObjectName pattern = new ObjectName(arguments[1] + ":*");
            for (ObjectName bean : new TreeSet<>(server.queryNames(pattern, null))) {
                for (MBeanAttributeInfo info : server.getMBeanInfo(bean).getAttributes()) {
                    Object value = server.getAttribute(bean, info.getName());
                    String type = value == null ? "null" : value.getClass().getSimpleName();
                    System.out.println(bean + "\t" + info.getName() + "\t" + type + "\t" + value);
                }
            }
        }
    }
}

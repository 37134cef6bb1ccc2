# The installed tree: bin/ lib/ plugins/ config/ include/ and a CMake package for plugins built out
# of tree. It can be moved as a whole: programs and libraries find each other by relative paths.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/millrace)

install(TARGETS millrace RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(link connect-standalone connect-standalone.sh connect-distributed connect-distributed.sh)
  install(FILES ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/${link} DESTINATION ${CMAKE_INSTALL_BINDIR})
endforeach()
install(TARGETS millrace-core EXPORT millrace LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})

# librdkafka from the private prefix travels along; a system library stays where it is.
get_target_property(rdkafka_library RdKafka::rdkafka IMPORTED_LOCATION)
if(rdkafka_library AND NOT rdkafka_library MATCHES "^/usr/")
  file(REAL_PATH ${rdkafka_library} rdkafka_file)
  install(FILES ${rdkafka_file} DESTINATION ${CMAKE_INSTALL_LIBDIR} RENAME librdkafka.so.1)
endif()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/millrace DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${CMAKE_BINARY_DIR}/include/millrace/abi_hash.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/millrace)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/config/ DESTINATION config)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/docs/third-party.md
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/millrace)

install(EXPORT millrace NAMESPACE millrace:: FILE millraceTargets.cmake
  DESTINATION ${package_folder})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/millraceConfig.cmake.in
  ${CMAKE_BINARY_DIR}/millraceConfig.cmake INSTALL_DESTINATION ${package_folder})
# Plugins are checked by an exact stamp, so a package serves no other version than its own.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/millraceConfigVersion.cmake
  VERSION ${PROJECT_VERSION} COMPATIBILITY ExactVersion)
install(FILES ${CMAKE_BINARY_DIR}/millraceConfig.cmake
  ${CMAKE_BINARY_DIR}/millraceConfigVersion.cmake ${CMAKE_CURRENT_LIST_DIR}/MillracePlugin.cmake
  DESTINATION ${package_folder})

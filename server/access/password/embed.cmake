# Writes common.txt as C strings: cmake -DOUT=common_passwords.c -P embed.cmake
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/common.txt words)
set(text "/* Made from server/access/password/common.txt.  */\n#include \"access/password.h\"\n\n#include <stddef.h>\n\nconst char *const common_passwords[] = {\n")
foreach(word ${words})
    string(APPEND text "    \"${word}\",\n")
endforeach()
string(APPEND text "    NULL,\n};\n")
file(WRITE ${OUT} "${text}")
